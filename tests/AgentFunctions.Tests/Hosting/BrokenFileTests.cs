using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Monitors;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Hosting;

/// <summary>
/// A file of the configuration that is broken, in each way in which files are: it is left out with a note, or the start is
/// refused; either names the file, the line and the remedy.
/// </summary>
internal sealed class BrokenFileTests
{
    private const string AgentText = "---\nname: one\ndescription: ä\n---\nWork ä.\n";
    private const string Policy = "rules:\n  - name: ä\n    when: { tool: deploy }\n    then: deny\n    reason: r\n";
    private const string Monitor =
        "name: one\ndescription: ä\nschedule: { every: 5m }\nsignals:\n  - { name: a, tcp: { host: 127.0.0.1, port: 1 } }\n";
    private const string Servers = "{\"mcpServers\": {\"ä\": {\"command\": \"x\"}}}";
    private const string Api =
        "openapi: 3.0.0\ninfo: { title: ä, version: '1' }\nservers: [{ url: http://127.0.0.1:1 }]\npaths: { /a: { get: { operationId: a, responses: {} } } }\n";

    private static readonly (string Name, Func<string, byte[]?> Make, string Words)[] Breaks =
    [
        ("empty", static _ => [], ""),
        ("half", static text => Encoding.UTF8.GetBytes(text[..(text.IndexOf('ä', StringComparison.Ordinal) + 1)] + "\n  [{"), ""),
        ("latin1", static text => Encoding.Latin1.GetBytes(text), "is no UTF-8 text; save it as UTF-8"),
        ("utf16WithoutMark", static text => Encoding.Unicode.GetBytes(text), "is no UTF-8 text; save it as UTF-8"),
        ("binary", static _ => [0x7F, 0x45, 0x4C, 0x46, 0x02, 0x00, 0xFF, 0xFE], "is no UTF-8 text; save it as UTF-8"),
        ("huge", static text => [.. Encoding.UTF8.GetBytes(text), .. Enumerable.Repeat((byte)' ', 17 << 20)], "is larger than"),
        ("folder", static _ => null, ""),
    ];

    private static IEnumerable<TestCaseData> Cases(params string[] besides) => Breaks.Where(one => !besides.Contains(one.Name))
        .Select(static one => new TestCaseData(one.Make, one.Words).SetArgDisplayNames(one.Name));

    private static IEnumerable<TestCaseData> AgentCases => Cases("folder");

    private static IEnumerable<TestCaseData> PolicyCases => Cases("folder");

    private static IEnumerable<TestCaseData> OtherCases => Cases();

    /// <summary>Any text is a runbook.</summary>
    private static IEnumerable<TestCaseData> RunbookCases => Cases("empty", "half");

    [TestCaseSource(nameof(AgentCases))]
    public void Agent_Broken_IsLeftOutAndTheRestIsThere(Func<string, byte[]?> make, string words)
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, "bad.md", make(AgentText));
        folder.Write("good.md", AgentText.Replace("one", "good", StringComparison.Ordinal));
        using ServiceProvider provider = new ServiceCollection().AddAgentsFrom(folder.Path).BuildServiceProvider();
        AgentCatalog catalog = provider.GetRequiredService<AgentCatalog>();

        string said = string.Join('\n',
            [.. catalog.LeftOut.Select(static one => one.Reason.ToString()),
                .. catalog.Notes.Select(static note => note.ToString())]);
        Assert.That(catalog.Agents.Select(static agent => agent.Name), Is.EqualTo(["good"]));
        Assert.That(said, Does.Match(@"bad\.md\(\d+\): ").And.Contain(words), path);
    }

    [Test]
    public void Agent_FolderThatIsCalledLikeOne_IsNoAgentFile()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "bad.md"));
        folder.Write("good.md", AgentText);

        Assert.That(AgentFolder.Load(folder.Path).Files.Select(static file => file.Definition.Name), Is.EqualTo(["one"]));
    }

    [TestCaseSource(nameof(PolicyCases))]
    public void Policy_Broken_RefusesTheStart(Func<string, byte[]?> make, string words)
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, "policy.yaml", make(Policy));

        AgentException? error = Assert.ThrowsAsync<AgentException>(async () =>
        {
            await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("never"),
                settings: ("Governance:PolicyPath", path));
        });

        Assert.That(error!.Code, Is.EqualTo(ErrorCode.InvalidInput));
        Assert.That(error.Message, Does.Match(@"policy\.yaml:\d+: ").And.Contain(words));
    }

    [Test]
    public void Policy_FolderWithoutAFile_RefusesTheStart()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => new PolicySource(Options.Create(new GovernanceOptions { PolicyPath = folder.Path }), [], TimeProvider.System,
                NullLogger<PolicySource>.Instance),
            Throws.TypeOf<AgentException>().With.Message.Contains("has no .yaml file; add one or name a file"));
    }

    [Test]
    public void Policy_OneFileOfAFolderIsBroken_RefusesTheStart()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.yaml", Policy);
        folder.Write("b.yaml", "rules: 7");
        Assert.That(
            () => new PolicySource(Options.Create(new GovernanceOptions { PolicyPath = folder.Path }), [], TimeProvider.System,
                NullLogger<PolicySource>.Instance),
            Throws.TypeOf<AgentException>().With.Message.Contains("b.yaml:1"));
    }

    [TestCaseSource(nameof(OtherCases))]
    public void Monitor_Broken_RefusesTheStart(Func<string, byte[]?> make, string words)
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, "one.yaml", make(Monitor));

        Assert.That(
            () => MonitorReader.LoadYaml(path),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput)
                .And.Message.Contains("one.yaml").And.Message.Contains(words.Length > 0
                    ? "line"
                    : ": ").And.Message.Contains(words));
    }

    [TestCaseSource(nameof(RunbookCases))]
    public void Runbook_Broken_RefusesTheStart(Func<string, byte[]?> make, string words)
    {
        using var folder = new TemporaryFolder();
        Write(folder, "runbook.md", make("Restart ä."));
        string path = folder.Write("one.yaml", Monitor + "agent: a\ngoal: g\nresponse: { runbookFile: runbook.md }\n");

        Assert.That(
            () => MonitorReader.LoadYaml(path),
            Throws.TypeOf<AgentException>().With.Message.Contains("one.yaml").And.Message.Contains("response.runbookFile: 'runbook.md'").And.Message.Contains(words));
    }

    [TestCaseSource(nameof(OtherCases))]
    public void ToolServers_Broken_RefuseTheStart(Func<string, byte[]?> make, string words)
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, ".mcp.json", make(Servers));

        Assert.That(
            () => McpConfiguration.LoadTolerantly(path),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput)
                .And.Message.Matches(@"\.mcp\.json\(\d+\): ").And.Message.Contains(words));
    }

    [TestCaseSource(nameof(OtherCases))]
    public async Task ApiDescription_Broken_IsMissingWithTheReasonAndTheRestWorks(Func<string, byte[]?> make, string words)
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, "api.yaml", make(Api));
        string good = folder.Write("good.yaml", Api);
        var log = new LogLines();
        await using ServiceProvider services = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(log))
            .AddOpenApiTools(options => (options.Name, options.Document) = ("bad", path))
            .AddOpenApiTools(options => (options.Name, options.Document) = ("good", good))
            .AddToolCatalog().BuildServiceProvider();
        foreach (Microsoft.Extensions.Hosting.IHostedService start in services.GetServices<Microsoft.Extensions.Hosting.IHostedService>())
        {
            await start.StartAsync(CancellationToken.None);
        }

        ToolOffer offer = await services.GetRequiredService<ToolCatalog>().ChooseAsync(
            Agent.Create("tester").WithInstructions("Test."), TimeSpan.FromMinutes(1));

        Assert.That(offer.Tools.Select(static tool => tool.Name), Is.EqualTo(["good__a"]));
        Assert.That(offer.Missing.Single().Group, Is.EqualTo("bad"));
        Assert.That(offer.Missing.Single().Reason, Does.Contain("api.yaml").And.Contain(words));
        Assert.That(log.All, Has.Some.StartsWith("The tools of API 'bad' cannot be used: ").And.Contain("api.yaml"),
            "said when the host starts");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Files_WithAByteOrderMark_AreReadLikeOthers(bool isUtf16)
    {
        using var folder = new TemporaryFolder();
        Encoding encoding = isUtf16 ? Encoding.Unicode : new UTF8Encoding(true);
        string WriteMarked(string name, string text)
        {
            string path = Path.Combine(folder.Path, name);
            File.WriteAllText(path, text, encoding);
            return path;
        }

        Assert.That(AgentFile.Load(WriteMarked("a.md", AgentText)).Definition.Instructions, Is.EqualTo("Work ä."));
        Assert.That(PolicySource.Load(WriteMarked("p.yaml", Policy), []).Rules.Select(static rule => rule.Name),
            Is.EqualTo(["ä"]));
        Assert.That(MonitorReader.LoadYaml(WriteMarked("m.yaml", Monitor)).Description, Is.EqualTo("ä"));
        Assert.That(McpConfiguration.Load(WriteMarked("s.json", Servers)).Servers.Single().Name, Is.EqualTo("ä"));
        string api = WriteMarked("api.yaml", Api);
        await using ServiceProvider services = new ServiceCollection()
            .AddOpenApiTools(options => (options.Name, options.Document) = ("good", api)).AddToolCatalog().BuildServiceProvider();
        Assert.That(
            (await services.GetRequiredService<ToolCatalog>()
                .SelectAsync(Agent.Create("tester").WithInstructions("Test."))).Select(static tool => tool.Name),
            Is.EqualTo(["good__a"]));
    }

    private static string Write(TemporaryFolder folder, string name, byte[]? content)
    {
        string path = Path.Combine(folder.Path, name);
        if (content is null)
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            File.WriteAllBytes(path, content);
        }

        return path;
    }
}
