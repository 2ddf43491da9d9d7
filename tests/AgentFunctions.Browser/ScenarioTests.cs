using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace AgentFunctions.Browser;

/// <summary>The scenarios of docs/dashboard.md have the tests that the page names.</summary>
internal sealed partial class ScenarioTests
{
    private const int Scenarios = 20;

    [Test]
    public void Page_EachScenarioAndBudget_NamesTestsThatThereAre()
    {
        string[] lines = File.ReadAllLines(Page());
        HashSet<string> tests = [.. Assembly.GetExecutingAssembly().GetTypes().SelectMany(static type => type.GetMethods()
            .Where(static method => method.GetCustomAttributes().Any(static one => one is TestAttribute or TestCaseAttribute))
            .Select(method => $"{type.Name}.{method.Name.Split('_')[0]}"))];
        (string First, string[] Named)[] rows = [.. lines.Where(static line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(static line => (line.Split('|')[1].Trim(),
                Test().Matches(line).Select(static match => match.Groups[1].Value).ToArray()))];

        Assert.That(rows.Where(static row => Number().IsMatch(row.First)).Select(static row => row.First),
            Is.EqualTo(Enumerable.Range(1, Scenarios).Select(static number => $"{number}")));
        Assert.That(rows.Where(static row => Number().IsMatch(row.First) && row.Named.Length == 0), Is.Empty, "without a test");
        Assert.That(rows.SelectMany(static row => row.Named).Except(tests), Is.Empty, "no such tests");
    }

    private static string Page([CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "docs", "dashboard.md");

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex Test();

    [GeneratedRegex(@"^\d+$")]
    private static partial Regex Number();
}
