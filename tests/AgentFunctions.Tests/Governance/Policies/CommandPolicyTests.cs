using System.Runtime.Versioning;
using System.Text.Json;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.Governance.Policies;

/// <summary>What commands read and write is judged like reading and writing by the workspace tools.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class CommandPolicyTests
{
    private const string NoHr =
        """rules: [{name: hr, when: {tool: read_file, arguments: {path: {under: hr}}}, then: deny, reason: "Not for agents."}]""";

    private const string NoDocs =
        """rules: [{name: docs, when: {tool: write_file, arguments: {path: {under: docs}}}, then: deny, reason: "Docs are finished."}]""";

    [TestCase("cat", "hr/list.txt")]
    [TestCase("cat", "./hr/../hr/list.txt")]
    [TestCase("cat", "alias.txt")]
    [TestCase("head", "-n1", "hr/list.txt")]
    [TestCase("grep", "-r", "salary")]
    [TestCase("grep", "salary", "src/app.cs", "hr/list.txt")]
    [TestCase("rg", "salary")]
    [TestCase("git", "diff")]
    [TestCase("git", "log", "-p")]
    [TestCase("git", "show", "HEAD")]
    [TestCase("git", "show", "HEAD:hr/list.txt")]
    [TestCase("git", "show", "HEAD:hr/gone.txt")]
    [TestCase("git", "blame", "hr/list.txt")]
    [TestCase("git", "grep", "salary")]
    [TestCase("git", "grep", "-n", "salary", "f00d", "--", "src/app.cs")]
    [TestCase("git", "show", "HEAD:src/app.cs", "f00d")]
    [TestCase("git", "show", "f00d", "--", "src/app.cs")]
    [TestCase("git", "show", "f00d:list.txt")]
    [TestCase("git", "show", "HEAD@{2020-01-01 00:00:00}:hr/list.txt")]
    [TestCase("git", "show", "HEAD^{/.*:*}:hr/list.txt")]
    [TestCase("git", "show", "HEAD:src/app.cs", ":hr/list.txt")]
    [TestCase("git", "show", "-s", "-p", "HEAD")]
    [TestCase("git", "show", "-s", "f00d")]
    [TestCase("git", "show", "-n1s", "HEAD")]
    [TestCase("git", "commit", "-a", "-m", "message")]
    [TestCase("git", "commit", "-am", "message")]
    [TestCase("git", "diff", "f00d", "src/app.cs")]
    [TestCase("git", "diff", "HEAD", "src/app.cs", "hr/gone.txt")]
    [TestCase("git", "diff", "--stat", "--binary")]
    [TestCase("git", "cat-file", "-p", "src/app.cs")]
    [TestCase("git", "status", "-v")]
    [TestCase("git", "status", "-sv")]
    [TestCase("git", "commit", "--dry-run", "-v")]
    [TestCase("git", "restore", "-s", "HEAD:hr", "list.txt")]
    [TestCase("git", "restore", "-sHEAD:hr", "list.txt")]
    [TestCase("git", "restore", "--staged", "--source=main:hr", "list.txt")]
    [TestCase("git", "restore", "-s", "f00d", "src/app.cs")]
    [TestCase("git", "checkout", "HEAD^{tree}:hr", "--", "list.txt")]
    [TestCase("git", "checkout", "f00d", "--", "src/app.cs")]
    [TestCase("git", "reset", "-q", "main:hr", "--", "list.txt")]
    [TestCase("git", "reset", "main:hr", "list.txt")]
    [TestCase("git", "log", "-p", "--follow", "--", "src/app.cs")]
    [TestCase("git", "tag", "--list", "--format", "%(raw)")]
    [TestCase("git", "tag", "--list", "--format=%(raw)")]
    [TestCase("sh", "-c", "cat h*/*")]
    [TestCase("dotnet", "test")]
    public void Decide_ACommandThatMayReadWhatIsForbidden_IsDenied(string command, params string[] arguments) =>
        Assert.That(Decide(NoHr, command, arguments).Verdict, Is.EqualTo(PolicyVerdict.Deny));

    [TestCase("cat", "src/app.cs")]
    [TestCase("grep", "-r", "salary", "src")]
    [TestCase("git", "status")]
    [TestCase("git", "log", "--oneline")]
    [TestCase("git", "diff", "--", "src/app.cs")]
    [TestCase("git", "diff", "HEAD", "--", "src/app.cs")]
    [TestCase("git", "diff", "HEAD~2..HEAD", "src/app.cs")]
    [TestCase("git", "log", "-p", "main", "--", "src/app.cs")]
    [TestCase("git", "show", "HEAD:src/app.cs")]
    [TestCase("git", "grep", "salary", "src")]
    [TestCase("git", "status", "-sb")]
    [TestCase("git", "restore", "src/app.cs")]
    [TestCase("git", "restore", "-s", "HEAD~1", "src/app.cs")]
    [TestCase("git", "checkout", "HEAD", "--", "src/app.cs")]
    [TestCase("git", "reset", "-q", "HEAD", "--", "src/app.cs")]
    [TestCase("git", "reset", "--soft", "main")]
    [TestCase("git", "log", "--follow", "--oneline", "--", "src/app.cs")]
    [TestCase("git", "commit", "-m", "message")]
    [TestCase("echo", "hr/list.txt")]
    public void Decide_ACommandThatReadsOtherFiles_IsNotDenied(string command, params string[] arguments) =>
        Assert.That(Decide(NoHr, command, arguments).Verdict, Is.Not.EqualTo(PolicyVerdict.Deny));

    [TestCase("git", "rm", "docs/a.md", true)]
    [TestCase("git", "mv", "docs/a.md", true)]
    [TestCase("git", "restore", "docs", true)]
    [TestCase("git", "restore", "src/app.cs", false)]
    [TestCase("cat", "-n", "docs/a.md", false)]
    public void Decide_ACommandThatWrites_IsJudgedAsWriting(string command, string first, string second, bool denied) =>
        Assert.That(Decide(NoDocs, command, first, second).Verdict == PolicyVerdict.Deny, Is.EqualTo(denied));

    // What a repository holds is nowhere in the folder: a rule about names of files cannot tell.
    [TestCase("is: hr/gone.txt", "git", "log", "-p")]
    [TestCase("is: '*.env'", "git", "log", "-p", "main")]
    [TestCase("matches: '[.]env$'", "git", "show", "HEAD")]
    [TestCase("not: 'src/*'", "git", "show", "f00d")]
    [TestCase("is: '*.env'", "git", "grep", "salary", "HEAD")]
    [TestCase("is: '*.env'", "git", "grep", "--cached", "salary")]
    [TestCase("is: '*.env'", "git", "stash", "list", "-p")]
    [TestCase("is: '*.env'", "git", "diff", "f00d")]
    [TestCase("is: '*.env'", "git", "diff")]
    [TestCase("is: 'src/*.env'", "git", "log", "-p", "--", "src")]
    [TestCase("is: 'old/*.env'", "git", "log", "-p", "--", "old")]
    [TestCase("is: '*.env'", "git", "diff", "HEAD:src", "HEAD~1:src")]
    [TestCase("is: '*.env'", "git", "show", "HEAD:prod.env")]
    [TestCase("is: '*.env'", "git", "restore", "-s", "main:old", "list.txt")]
    [TestCase("is: '*.env'", "git", "tag", "--list", "--format=%(raw)")]
    [TestCase("is: '*.env'", "git", "commit", "--dry-run", "-v")]
    public void Decide_WhatARepositoryHeld_MeetsARuleAboutNames(string condition, string command, params string[] arguments) =>
        Assert.That(Decide(NamesRule(condition), command, arguments).Verdict, Is.EqualTo(PolicyVerdict.Deny));

    [TestCase("is: '*.env'", "git", "log", "--oneline")]
    [TestCase("is: '*.env'", "git", "status")]
    [TestCase("is: '*.env'", "git", "diff", "HEAD", "--", "src/app.cs")]
    [TestCase("is: '*.env'", "git", "show", "HEAD:src/gone.cs")]
    [TestCase("is: '*.env'", "git", "grep", "salary")]
    [TestCase("is: '*.env'", "git", "add", ".")]
    [TestCase("is: '*.env'", "git", "commit", "-am", "message")]
    [TestCase("is: 'hr/*.env'", "git", "log", "-p", "--", "src")]
    [TestCase("is: prod.env", "git", "log", "-p", "--", "src")]
    [TestCase("not: 'src*'", "git", "log", "-p", "--", "src")]
    [TestCase("under: hr", "git", "log", "-p", "--", "src")]
    [TestCase("is: '*.env'", "cat", "src/app.cs")]
    [TestCase("is: '*.env'", "grep", "-r", "salary")]
    public void Decide_NoFileOfThatNameIsShown_IsNotDenied(string condition, string command, params string[] arguments) =>
        Assert.That(Decide(NamesRule(condition), command, arguments).Verdict, Is.Not.EqualTo(PolicyVerdict.Deny));

    [Test]
    public void Decide_WhatARepositoryHeld_CarriesItsLabels()
    {
        PolicyDecision decision = Decide(
            """
            data: [{label: secret, when: {arguments: {path: {is: "*.env"}}}}]
            rules: [{name: rest, when: {tool: "*"}, then: allow}]
            """, "git", "log", "-p");

        Assert.That((decision.Verdict, decision.DataLabels.SingleOrDefault()), Is.EqualTo((PolicyVerdict.Allow, "secret")));
    }

    private static string NamesRule(string condition) =>
        $"rules: [{{name: names, when: {{tool: read_file, arguments: {{path: {{{condition}}}}}}}, then: deny, reason: no}}]";

    private static PolicyDecision Decide(string policy, string command, params string[] arguments)
    {
        using var bench = new ToolBench(o => o.AllowedCommands.UnionWith(["cat", "head", "grep", "rg", "git", "sh:*", "dotnet",
            "echo"]));
        bench.Write("hr/list.txt", "salary 100");
        bench.Write("src/app.cs", "salary code");
        bench.Write("docs/a.md", "text");
        File.CreateSymbolicLink(Path.Combine(bench.Root, "alias.txt"), "hr/list.txt");
        AgentTool tool = bench.Tools.Single(static one => one.Name == "run_command");
        return Policy(policy)
            .Decide(Call("run_command", arguments: JsonSerializer.Serialize(new { command, arguments }))
                .Of(tool, new PathNames(bench.Workspace)));
    }
}
