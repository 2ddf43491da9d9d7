using System.Text.RegularExpressions;
using AgentFunctions.AspNetCore;

namespace AgentFunctions.Browser;

/// <summary>
/// The rules of what the browser gets, read from the files that are embedded; <see cref="BudgetTests"/> has the bytes.
/// </summary>
internal sealed partial class AssetsTests
{
    private const string Prefix = "Dashboard/";
    private const int MaxFiles = 18;
    private const int MaxLines = 6_500;

    private static readonly Dictionary<string, string> Files = typeof(ApiOptions).Assembly.GetManifestResourceNames()
        .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(static name => name[Prefix.Length..], Read);

    [Test]
    public void Files_All_NothingParsesHtmlOrRunsText() =>
        Assert.That(Files.SelectMany(file => Forbidden().Matches(file.Value).Select(match => $"{file.Key}: {match.Value}")),
            Is.Empty);

    [Test]
    public void Files_All_AddressesAreRelative() =>
        Assert.That(
            Files.SelectMany(file => Foreign().Matches(file.Value).Select(match => match.Value)
                .Where(address => address != "http://www.w3.org/2000/svg").Select(address => $"{file.Key}: {address}")),
            Is.Empty);

    [Test]
    public void Imports_All_NameAFileBesideThem() =>
        Assert.That(
            Files.SelectMany(file => Import().Matches(file.Value).Select(match => match.Groups[1].Value)
                .Where(name => !Files.ContainsKey(name))),
            Is.Empty);

    [Test]
    public void Files_Together_AreFew()
    {
        Assert.That(Files, Has.Count.LessThanOrEqualTo(MaxFiles), "files");
        Assert.That(Files.Values.Sum(static text => text.Count(static c => c == '\n')), Is.LessThanOrEqualTo(MaxLines), "lines");
    }

    [Test]
    public void Scripts_All_HaveNoTextOverSeveralLines() =>
        // They are served without the space before their lines.
        Assert.That(
            Files.Where(static file => file.Key.EndsWith(".js", StringComparison.Ordinal))
                .SelectMany(static file => file.Value.Split('\n')
                .Where(static line => line.Count(static c => c == '`') % 2 != 0).Select(line => $"{file.Key}: {line}")),
            Is.Empty);

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(ApiOptions).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|\sstyle=",
        RegexOptions.CultureInvariant)]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"(?<=['""`(])(?:https?:)?//[a-z0-9][^\s'""`)%]*", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Foreign();

    [GeneratedRegex(@"(?:from|import\()\s*'\./([^']+)'", RegexOptions.CultureInvariant)]
    private static partial Regex Import();
}
