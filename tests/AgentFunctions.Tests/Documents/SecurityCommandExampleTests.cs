using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using AgentFunctions.Agents;
using AgentFunctions.Tests.Governance.Attacks;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces.Commands;

namespace AgentFunctions.Tests.Documents;

/// <summary>What docs/security.md says of allowed programs, forms of git and an agent's own words on commands.</summary>
[NonParallelizable]
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed partial class SecurityCommandExampleTests
{
    private static readonly Dictionary<string, string[]> Operands = new()
    {
        ["show"] = ["HEAD"],
        ["blame"] = ["a.txt"],
        ["grep"] = ["x"],
        ["add"] = ["a.txt"],
        ["commit"] = ["-m", "x"],
        ["checkout"] = ["-b", "x"],
        ["switch"] = ["-c", "x"],
        ["restore"] = ["a.txt"],
        ["rm"] = ["a.txt"],
        ["mv"] = ["a.txt", "b.txt"],
    };

    [Test]
    public void Programs_OfTheTable_HaveTheseForms()
    {
        IReadOnlyList<string[]> rows = SecurityDocument.Table("allowed as");
        string[] reading = Names(rows[0][0]);
        string[] running = Names(Regex.Replace(rows[1][0], @"\([^)]*\)", ""));
        using var bench = new ToolBench();

        Assert.That(reading.Concat(running).Append("true").Append("false"), Is.EquivalentTo(ShippedForms.All.Keys),
            "each program of the library is in the table");
        foreach (Match match in Programs().Matches(rows[1][0]))
        {
            foreach (string form in Names(match.Groups["forms"].Value))
            {
                CommandPlan plan = ShippedForms.All[match.Groups["program"].Value].Plan(bench.Workspace, form == "run"
                    ? [form, "x"]
                    : [form]);
                Assert.That((plan.Refusal, plan.RunsCode), Is.EqualTo(((string?)null, true)),
                    $"{match.Groups["program"].Value} {form}");
            }
        }
    }

    [Test]
    public void Git_LooksAndRecords_ByTheseForms()
    {
        using var bench = new ToolBench();
        bench.Write("a.txt", "x");
        Match said = GitForms().Match(SecurityDocument.Text);
        foreach (string form in Names(said.Groups["looks"].Value).Concat(Names(said.Groups["records"].Value)))
        {
            string[] operands = Operands.GetValueOrDefault(form) ?? [];
            CommandPlan plan = ShippedForms.All["git"].Plan(bench.Workspace, [form, .. operands]);
            Assert.That(plan.Refusal, Is.Null, form);
        }

        foreach (string form in new[] { "push", "fetch", "clone", "pull", "config", "submodule", "worktree", "gc" })
        {
            Assert.That(ShippedForms.All["git"].Plan(bench.Workspace, [form]).Refusal, Is.Not.Null, form);
        }
    }

    [TestCase("filter.*", "filter.x.clean")]
    [TestCase("diff.*.textconv", "diff.x.textconv")]
    [TestCase("include.path", "include.path")]
    [TestCase("core.worktree", "core.worktree")]
    public void Git_TheseSettings_AreAReasonNotToStartIt(string span, string key)
    {
        Assert.That(SecurityDocument.Spans, Does.Contain(span));
        Assert.That(GitSettings.IsHarmless(key), Is.False);
    }

    [TestCase("tools: Bash(", "git", "log -n 1", true)]
    [TestCase("tools: Bash(", "git", "status", false)]
    [TestCase("tools: Bash(", "rm", "a.txt", false)]
    [TestCase("disallowedTools: Bash(", "rm", "a.txt", false)]
    [TestCase("disallowedTools: Bash(", "sh", "-c rm", false)]
    [TestCase("disallowedTools: Bash(", "git", "status", true)]
    public async Task AgentsOwnWords_OnCommands_AreKept(string beginning, string command, string arguments, bool isAllowed)
    {
        using var bench = new ToolBench(static o => o.AllowedCommands.UnionWith(["git", "rm", "sh"]));
        bench.Write("a.txt", "x");
        string span = SecurityDocument.Span(beginning);
        string keys = span.StartsWith("tools", StringComparison.Ordinal) ? span : $"tools: Bash\n{span}";
        AgentDefinition agent = AgentFile.Parse($"---\nname: c\ndescription: d\n{keys}\n---\nYou work.\n", "c.md").Definition;
        IReadOnlyList<AgentTool> tools = await new ToolCatalog(bench.Tools).SelectAsync(agent);

        ToolOutcome outcome = await bench.Invoker.InvokeAsync(
            tools, ToolBench.Call("run_command", new { command, arguments = arguments.Split(' ') }), bench.Context());

        Assert.That(outcome.Code is not ErrorCode.NotAllowed && outcome.Text.StartsWith("exit code", StringComparison.Ordinal),
            Is.EqualTo(isAllowed), outcome.Text);
        Assert.That(File.Exists(Path.Combine(bench.Root, "a.txt")), Is.True);
    }

    [Test]
    public void Attacks_EachRow_HasATest()
    {
        string[] tests = [.. typeof(AgentFunctions.Tests.Governance.Attacks.AgenticTopTenTests).GetMethods()
            .Select(static method => method.Name)];
        string[] rows = [.. AttackRows().Matches(SecurityDocument.Text).Select(static match => match.Value.TrimStart('|', ' '))];

        Assert.That(rows, Has.Length.EqualTo(10));
        Assert.That(rows.Where(row => !tests.Any(test => test.StartsWith(row, StringComparison.OrdinalIgnoreCase))), Is.Empty);
    }

    private static string[] Names(string text) => [.. Span().Matches(text).Select(static match => match.Groups[1].Value)];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Span();

    [GeneratedRegex(@"`(?<program>dotnet|npm)` \((?<forms>[^)]*)\)")]
    private static partial Regex Programs();

    [GeneratedRegex(@"\*\*git\*\* looks \((?<looks>[^)]*)\) and records \((?<records>[^)]*)\)")]
    private static partial Regex GitForms();

    [GeneratedRegex(@"^\| ASI\d\d", RegexOptions.Multiline)]
    private static partial Regex AttackRows();
}
