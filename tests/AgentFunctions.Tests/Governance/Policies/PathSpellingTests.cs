using System.Runtime.Versioning;
using System.Text.Json;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tests.Workspaces;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.Governance.Policies;

/// <summary>A policy decides about the file that is meant, whatever its path is spelled like.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class PathSpellingTests
{
    private const string NoHr = """
        data: [{label: confidential, when: {arguments: {path: {under: hr}}}}]
        rules: [{name: hr, when: {arguments: {path: {under: hr}}}, then: deny, reason: "Not for agents."}]
        """;

    private ToolBench _bench = null!;

    [SetUp]
    public void SetUp()
    {
        _bench = new ToolBench();
        _bench.Write("hr/pay/list.txt", "salary 100");
        _bench.Write("src/app.cs", "salary code");
        File.CreateSymbolicLink(Path.Combine(_bench.Root, "alias.txt"), "hr/pay/list.txt");
        Directory.CreateSymbolicLink(Path.Combine(_bench.Root, "staff"), Path.Combine(_bench.Root, "hr"));
        Directory.CreateSymbolicLink(Path.Combine(_bench.Root, "src", "up"), "../staff/pay");
        FileIdentityTests.HardLink(Path.Combine(_bench.Root, "hr/pay/list.txt"), Path.Combine(_bench.Root, "src/other.txt"));
    }

    [TearDown]
    public void TearDown() => _bench.Dispose();

    [TestCase("hr/pay/list.txt")]
    [TestCase("./hr/pay/list.txt")]
    [TestCase("hr//pay/./list.txt")]
    [TestCase("hr\\pay\\list.txt")]
    [TestCase("src/../hr/pay/list.txt")]
    [TestCase("ROOT/hr/pay/list.txt")]
    [TestCase("alias.txt")]
    [TestCase("staff/pay/list.txt")]
    [TestCase("ROOT/src/up/list.txt")]
    [TestCase("src/other.txt")]
    [TestCase("hr/pay/list.txt/")]
    [TestCase("/proc/self/cwd/hr/pay/list.txt")]
    [TestCase("../ws/hr/pay/list.txt")]
    public void Decide_AnySpellingOfAForbiddenFile_IsDenied(string path)
    {
        PolicyDecision decision = Policy(NoHr).Decide(Read(path));

        Assert.That((decision.Verdict, decision.DataLabels.SingleOrDefault()), Is.EqualTo((PolicyVerdict.Deny, "confidential")));
    }

    [TestCase("is: 'hr/*'")]
    [TestCase("is: 'staff/*'")]
    [TestCase("is: './hr/pay/list.txt'")]
    [TestCase("under: staff")]
    [TestCase("under: ./src/../hr/")]
    [TestCase("matches: '^hr/'")]
    [TestCase("notUnder: src")]
    public void Decide_AnySpellingOfTheRule_FindsTheFile(string condition)
    {
        Policy policy = Policy($"rules: [{{name: rule, when: {{arguments: {{path: {{{condition}}}}}}}, then: deny, reason: no}}]");

        foreach (string path in new[] { "hr/pay/list.txt", "alias.txt", "staff/pay/list.txt", "src/up/list.txt",
            "src/other.txt" })
        {
            Assert.That(policy.Decide(Read(path)).Rule, Is.EqualTo("rule"), path);
        }

        Assert.That(policy.Decide(Read("src/app.cs")).Rule, Is.Not.EqualTo("rule"));
    }

    [TestCase("is: 'hr/*'", "HR/pay/list.txt")]
    [TestCase("is: hr/pay/list.txt", "hr/PAY/List.txt")]
    [TestCase("is: SRC/App.cs", "src/app.cs")]
    [TestCase("matches: '^hr/'", "HR/pay/new.txt")]
    [TestCase("under: hr", "HR/pay/list.txt")]
    public void Decide_TheSystemIgnoresCase_SoDoesTheRule(string condition, string path)
    {
        Policy policy = Policy($"rules: [{{name: rule, when: {{arguments: {{path: {{{condition}}}}}}}, then: deny, reason: no}}]");

        Assert.That(policy.Decide(Read(path, ignoresCase: true)).Rule, Is.EqualTo("rule"));
        Assert.That(policy.Decide(Read("other/app.cs", ignoresCase: true)).Rule, Is.Not.EqualTo("rule"));
        Assert.That(Policy($"rules: [{{name: free, when: {{arguments: {{path: {{{condition}}}}}}}, then: allow}}]")
            .Decide(Read(path, ignoresCase: true)).Rule, Is.EqualTo("free"));
    }

    [TestCase("HARD.TXT")]
    [TestCase("LINK.TXT")]
    public void IgnoresCase_AnotherNameOfTheSameFile_IsNoSign(string other)
    {
        string file = other.ToLowerInvariant();
        _bench.Write(file, "text");
        if (other == "LINK.TXT")
        {
            File.CreateSymbolicLink(Path.Combine(_bench.Root, other), file);
        }
        else
        {
            FileIdentityTests.HardLink(Path.Combine(_bench.Root, file), Path.Combine(_bench.Root, other));
        }

        Assert.That(new PathNames(_bench.Workspace).IgnoresCaseOf(file), Is.False);
    }

    [Test]
    public void Decide_AFileWithASecondNameElsewhere_IsNotAllowedByTheRuleForOneOfThem()
    {
        Policy policy = Policy("""
            defaults: {none: deny}
            rules: [{name: src, when: {tool: read_file, arguments: {path: {under: src}}}, then: allow}]
            """);

        Assert.That(policy.Decide(Read("src/app.cs")).Verdict, Is.EqualTo(PolicyVerdict.Allow));
        Assert.That(policy.Decide(Read("src/other.txt")).Verdict, Is.EqualTo(PolicyVerdict.Deny));
        Assert.That(policy.Decide(Read("src/up/list.txt")).Verdict, Is.EqualTo(PolicyVerdict.Deny));
    }

    [Test]
    public void Decide_RandomSpellings_AreDecidedAlike()
    {
        var random = new Random(4711);
        Policy policy = Policy(NoHr);
        for (int i = 0; i < 2_000; i++)
        {
            (string forbidden, string free) = (Spell(random, ["hr", "pay", "list.txt"]), Spell(random, ["src", "app.cs"]));
            (string tool, ToolEffect effect) = Tools[random.Next(Tools.Length)];
            Assert.That(policy.Decide(With(tool, effect, forbidden)).Verdict, Is.EqualTo(PolicyVerdict.Deny),
                $"{tool} {forbidden}");
            Assert.That(policy.Decide(With(tool, effect, free)).Verdict, Is.EqualTo(PolicyVerdict.Allow), $"{tool} {free}");
        }
    }

    [TestCase("""{"pattern": "salary"}""")]
    [TestCase("""{"pattern": "salary", "path": null}""")]
    [TestCase("""{"pattern": "salary", "path": ""}""")]
    [TestCase("""{"pattern": "salary", "path": "."}""")]
    [TestCase("""{"pattern": "salary", "path": "ROOT"}""")]
    [TestCase("""{"pattern": "salary", "glob": "**/*.txt"}""")]
    [TestCase("""{"pattern": "salary", "glob": "hr/**"}""")]
    [TestCase("""{"pattern": "salary", "path": "src"}""")]
    [TestCase("""{"pattern": "salary", "path": "alias.txt"}""")]
    [TestCase("""{"pattern": "salary", "path": "staff"}""")]
    public async Task Search_OverMoreThanIsAllowed_LeavesOutWhatIsForbidden(string arguments)
    {
        foreach (string tool in new[] { "search_files", "read_file" })
        {
            Policy policy = Policy($"rules: [{{name: hr, when: {{tool: {tool}, arguments: {{path: {{under: hr}}}}}}, then: deny, reason: no}}]");
            (PolicyDecision decision, ToolOutcome outcome) = await SearchAsync(policy, arguments);
            if (decision.Verdict == PolicyVerdict.Allow)
            {
                Assert.That(outcome.Text, Does.Not.Contain("salary 100").And.Contain("left out by the policy: rule 'hr'"));
            }
        }
    }

    [Test]
    public void Search_OverMoreThanIsAllowed_CarriesTheLabelsOfAllThatItReads()
    {
        Policy policy = Policy("""data: [{label: confidential, when: {tool: read_file, arguments: {path: {under: hr}}}}]""");

        Assert.That(policy.Decide(Search("""{"pattern": "x"}""")).DataLabels, Is.EqualTo(new[] { "confidential" }));
        Assert.That(policy.Decide(Search("""{"pattern": "x", "glob": "*.txt"}""")).DataLabels,
            Is.EqualTo(new[] { "confidential" }));
        File.Delete(Path.Combine(_bench.Root, "src/other.txt"));
        Directory.Delete(Path.Combine(_bench.Root, "src/up"));
        Assert.That(policy.Decide(Search("""{"pattern": "x", "path": "src"}""")).DataLabels, Is.Empty);
    }

    private static string Spell(Random random, string[] parts)
    {
        string path = random.Next(3) == 0 ? "ROOT/" : random.Next(3) == 0 ? "./" : "";
        foreach (string part in parts)
        {
            string noise = random.Next(6) switch { 0 => "./", 1 => "/", 2 => "src/../", 3 => "none/.././", _ => "" };
            string inTop = path is "" or "ROOT/" or "./" ? noise : noise.Replace("src/", "x/", StringComparison.Ordinal);
            path += (path.Length == 0 ? inTop.TrimStart('/') : inTop) + (part == "hr" && random.Next(3) == 0 ? "staff" : part)
                + (random.Next(5) == 0 ? "\\" : "/");
        }

        return random.Next(2) == 0 ? path : path.TrimEnd('/', '\\');
    }

    private static readonly (string, ToolEffect)[] Tools =
        [("read_file", ToolEffect.None), ("write_file", ToolEffect.Idempotent), ("edit_file", ToolEffect.Idempotent),
            ("list_files", ToolEffect.None)];

    private ActionContext With(string tool, ToolEffect effect, string path)
    {
        string arguments = JsonSerializer.Serialize(new
        {
            path = path.Replace("ROOT", _bench.Root, StringComparison.Ordinal),
            content = "x",
            old_text = "a",
            new_text = "b"
        });
        return Call(tool, effect, arguments)
            .Of(_bench.Tools.Single(one => one.Name == tool),
                new PathNames(_bench.Workspace)) with
        { Reach = ToolReach.Workspace };
    }

    private ActionContext Read(string path, bool ignoresCase = false) => Of(
        "read_file", JsonSerializer.Serialize(new { path = path.Replace("ROOT", _bench.Root, StringComparison.Ordinal) }),
        ignoresCase);

    private ActionContext Search(string arguments) =>
        Of("search_files", arguments.Replace("ROOT", _bench.Root, StringComparison.Ordinal));

    private ActionContext Of(string tool, string arguments, bool ignoresCase = false) => Call(tool, ToolEffect.None, arguments)
        .Of(_bench.Tools.Single(one => one.Name == tool), new PathNames(_bench.Workspace) { IgnoresCase = ignoresCase });

    private async Task<(PolicyDecision, ToolOutcome)> SearchAsync(Policy policy, string arguments)
    {
        ActionContext action = Search(arguments);
        ToolContext context = _bench.Context();
        context.Files = new PolicyFileJudge(policy, action).Filter(false);
        ToolOutcome outcome = await _bench.Invoker.InvokeAsync(
            _bench.Tools, ToolBench.Call("search_files",
                JsonSerializer.Deserialize<Dictionary<string, object?>>(action.Written!.Value)), context);
        return (policy.Decide(action), outcome);
    }
}
