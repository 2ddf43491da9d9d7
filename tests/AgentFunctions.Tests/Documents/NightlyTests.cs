using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Documents;

/// <summary>The long forms that AGENTS.md lists run at night, and workflows use actions that nobody can change.</summary>
internal sealed partial class NightlyTests
{
    private static readonly string Workflows = Path.Combine(Repository.Root, ".github", "workflows");

    [Test]
    public void LongForms_OfAgentsPage_AreInTheNightlyWorkflow()
    {
        string nightly = File.ReadAllText(Path.Combine(Workflows, "nightly.yml"));
        string[] lines = [.. File.ReadLines(Path.Combine(Repository.Root, "AGENTS.md")).Where(static line => LongForm().IsMatch(line))];
        string[] filters = [.. lines.SelectMany(static line => Filter().Matches(line))
            .Select(static match => match.Groups["name"].Value).Distinct().Where(static name => name != "OneTrace")];

        Assert.That(filters, Has.Length.GreaterThan(15));
        Assert.That(filters.Where(name => !nightly.Contains($"filter: {name},", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Actions_OfAllWorkflows_ArePinnedToCommits()
    {
        string[] loose =
        [
            .. Directory.EnumerateFiles(Workflows, "*.yml").SelectMany(static file => Uses().Matches(File.ReadAllText(file)))
                .Select(static match => match.Groups["action"].Value)
                .Where(static action => !Commit().IsMatch(action)),
        ];

        Assert.That(loose, Is.Empty);
    }

    [GeneratedRegex("^- `AGENTFUNCTIONS_")]
    private static partial Regex LongForm();

    [GeneratedRegex(@"(--filter |`(?=Killed))(?<name>\w+)")]
    private static partial Regex Filter();

    [GeneratedRegex(@"uses: (?<action>\S+)")]
    private static partial Regex Uses();

    [GeneratedRegex("@[0-9a-f]{40}$")]
    private static partial Regex Commit();
}
