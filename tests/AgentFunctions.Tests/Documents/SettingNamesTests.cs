using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Documents;

/// <summary>Settings that pages name exist.</summary>
internal sealed partial class SettingNamesTests
{
    [Test]
    public void Pages_NameSettingsThatExist()
    {
        string[] known = [.. Setting().Matches(SettingsPage.Write()).Select(static match => match.Groups[1].Value)];
        Assert.That(known, Has.Length.GreaterThan(50));
        HashSet<string> sections = [.. known.Select(static name => name.Split(':')[0])];
        IEnumerable<string> pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md",
            SearchOption.AllDirectories)
            .Where(static page => !page.Contains($"{Path.DirectorySeparatorChar}adr{Path.DirectorySeparatorChar}",
                StringComparison.Ordinal))
            .Append(Path.Combine(Repository.Root, "README.md"));

        string[] unknown =
        [
            .. pages.SelectMany(page => Named().Matches(File.ReadAllText(page)).Select(static match => match.Groups[1].Value)
                .Where(name => sections.Contains(name.Split(':')[0])
                    && !known.Any(setting => Fits(setting.Split(':'), name.Split(':'))))
                .Select(name => $"{Path.GetFileName(page)}: {name}")).Distinct(),
        ];

        Assert.That(unknown, Is.Empty);
    }

    /// <summary>A page may leave out what comes below, and stands for a part of one's own by any word.</summary>
    private static bool Fits(string[] setting, string[] named) =>
        named.Length <= setting.Length
            && named.Zip(setting)
                .All(static pair => pair.Second.StartsWith('<') || pair.First == "*" || pair.First == pair.Second);

    [GeneratedRegex(@"^\| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Setting();

    [GeneratedRegex(@"`([A-Z]\w+(?::[\w<>*]+)+)(?:`|[:{=,\s])")]
    private static partial Regex Named();
}
