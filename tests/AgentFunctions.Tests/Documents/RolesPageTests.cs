using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Documents;

/// <summary>
/// docs/reference/roles.md says what the table of requests in docs/security.md says, which a test holds against the API.
/// </summary>
internal sealed partial class RolesPageTests
{
    private static readonly IReadOnlyList<string[]> Matrix = Rows("security.md", "| request | no key |");

    private static readonly IReadOnlyList<string[]> Page = Rows("reference/roles.md", "| to | as |");

    [Test]
    public void Page_EachCell_IsThatOfTheMatrix()
    {
        Dictionary<string, string[]> byRequest =
            Matrix.SelectMany(static row => Request().Matches(row[0]).Select(match => (match.Groups[1].Value, row)))
            .ToDictionary(static one => one.Value, static one => one.row[2..9]);

        foreach (string[] row in Page)
        {
            Assert.That(row[2..], Is.EqualTo(byRequest[row[1].Trim('`')].Select(Word)), row[0]);
        }
    }

    [Test]
    public void Page_EachRowOfTheMatrixThatIsNotForAll_IsInIt()
    {
        HashSet<string> said = [.. Page.Select(static row => string.Join('|', row[2..]))];

        Assert.That(
            Matrix.Select(static row => row[2..9].Select(Word).ToArray())
                .Where(static cells => cells.Any(static cell => cell == "–"))
                .Select(static cells => string.Join('|', cells)).Distinct().Except(said),
            Is.Empty, "a kind of right that no row of the page has");
    }

    private static string Word(string cell) => cell switch
    {
        "yes" => "yes",
        "no" => "–",
        "yes / hidden" or "yes / no" => "own",
        "no / hidden" => "–",
        _ => throw new InvalidOperationException($"The matrix says '{cell}'."),
    };

    private static IReadOnlyList<string[]> Rows(string page, string heading) =>
    [
        .. File.ReadLines(Path.Combine(Repository.Root, "docs", page))
            .SkipWhile(line => !line.StartsWith(heading, StringComparison.Ordinal)).Skip(2)
            .TakeWhile(static line => line.StartsWith('|'))
            .Select(static line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)),
    ];

    [GeneratedRegex("`([A-Z]+ [^`]+)`")]
    private static partial Regex Request();
}
