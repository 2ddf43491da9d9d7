using System.Text.Json;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Mcp;

/// <summary>Servers that hang, flood or speak oddly; needs Node.js and nothing from npm.</summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class OddServerTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [TestCase("error")]
    [TestCase("invalid")]
    [TestCase("empty")]
    [TestCase("exit")]
    [TestCase("mute")]
    [TestCase("exit", "speaks:2024-11-05")]
    [TestCase("empty", "speaks:2025-06-18")]
    public async Task Probe_TakenBadly_IsTriedOnceMoreAndNotAgain(params string[] how)
    {
        await using var bench = new McpBench(Odd(how));

        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(bench.Caller);
        int first = bench.Pids.Length;
        Task<string> ended = bench.Log.NextAsync("ended: ");
        System.Diagnostics.Process.GetProcessById(bench.Pids[^1]).Kill();
        await ended.WaitAsync(Long);
        ToolOutcome outcome = await bench.CallAsync("mcp__odd__act");

        Assert.That(tools.Select(tool => tool.Name), Does.Contain("mcp__odd__act"));
        Assert.That(outcome.Text, Is.EqualTo("done"));
        Assert.That(first, Is.LessThanOrEqualTo(2));
        Assert.That(bench.Pids, Has.Length.EqualTo(first + 1), "what the server speaks is remembered");
    }

    [Test]
    public async Task List_ToolTwice_SecondIsLeftOutWithAWarning()
    {
        await using var bench = new McpBench(Odd("twice"));

        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(bench.Caller);

        Assert.That(tools.Select(tool => tool.Name), Is.Unique.And.Contains("mcp__odd__act"));
        Assert.That(bench.Log.All, Has.Some.Contains("tool 'act' is left out"));
    }

    [Test]
    public async Task List_WrongSchemas_AreReadOrLeftOutOneByOne()
    {
        await using var bench = new McpBench(Odd("schemas"));

        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(bench.Caller);

        Assert.That(
            tools.Select(tool => tool.Name),
            Is.SupersetOf(["mcp__odd__act", "mcp__odd__untyped", "mcp__odd__none",
                "mcp__odd__null"]).And.None.EqualTo("mcp__odd__text"));
        Assert.That(bench.Log.All, Has.Some.Contains("tool 'text' is left out"));
        Assert.That((await bench.CallAsync("mcp__odd__untyped", new { a = 1 })).Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid),
            "the schema counts");
    }

    [Test]
    public async Task Output_LinesThatAreNoMessages_AreSkipped()
    {
        await using var bench = new McpBench(Odd("chatty"));

        Assert.That((await bench.CallAsync("mcp__odd__act")).Text, Is.EqualTo("done"));
    }

    [TestCase("flood", "longer than 16777216 bytes")]
    [TestCase("endless", "that answer nothing")]
    public async Task Call_ServerSendsWithoutEnd_EndsWithTheReasonAndTheServerIsStartedAgain(string tool, string words)
    {
        await using var bench = new McpBench(Odd("error"));

        ToolOutcome outcome = await bench.CallAsync($"mcp__odd__{tool}");
        ToolOutcome next = await bench.CallAsync("mcp__odd__act");

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolFailed), outcome.Text);
        Assert.That(outcome.Text, Does.Contain(words));
        Assert.That(next.Text, Is.EqualTo("done"));
    }

    [TestCase("error", "asks", "Who?")]
    [TestCase("error", "asks_inside", "Who inside?")]
    [TestCase("newest", "asks", "Who?")]
    public async Task Call_ServerAsksForInput_IsCancelledWithWordsAndTheServerLives(string how, string tool, string question)
    {
        // The first look, which a slow start would end, takes no time of a clock that stands still.
        await using var bench = new McpBench(Odd(how), how == "newest" ? new VirtualTime(DateTimeOffset.UtcNow) : null);

        ToolOutcome outcome = await bench.CallAsync($"mcp__odd__{tool}");
        ToolOutcome next = await bench.CallAsync("mcp__odd__act");

        Assert.That(outcome.Text,
            Does.Contain(question).And.Contain("nobody here can be asked").And.Contain("the answer was cancel"));
        Assert.That(next.Text, Is.EqualTo("done"));
        Assert.That(bench.Pids, Has.Length.EqualTo(1));
    }

    [TestCase("error")]
    [TestCase("newest")]
    public async Task Call_ServerAsksForAModel_IsRefusedAndTheServerLives(string how)
    {
        await using var bench = new McpBench(Odd(how));

        ToolOutcome outcome = await bench.CallAsync("mcp__odd__samples_inside");
        ToolOutcome next = await bench.CallAsync("mcp__odd__act");

        Assert.That(outcome.Text, Does.StartWith("the answer was -32"),
            "an error of the protocol, not an answer of the host's model");
        Assert.That(next.Text, Is.EqualTo("done"));
        Assert.That(bench.Pids, Has.Length.EqualTo(1));
    }

    [TestCase("""{"content":[{"type":"text","text":"before"},{"type":"hologram","data":1},{"type":"text","text":"after"}]}""",
        "before", "'hologram' is left out", "after")]
    [TestCase("""{"content":[{"type":"text","text":"before"},{"text":"untyped"},7,null]}""", "before", "'' is left out",
        "it is no object")]
    [TestCase("""{"content":[{"type":"text","text":"kept","annotations":{"audience":"all"}}]}""", "kept")]
    [TestCase("""{"content":[{"type":"image","data":"%%%","mimeType":"image/png"},{"type":"text","text":"after"}]}""",
        "'image' is left out", "after")]
    [TestCase("""{"content":[{"type":"resource","resource":{"uri":"a:b"}},{"type":"text","text":"after"}]}""",
        "'resource' is left out", "after")]
    [TestCase("""{"content":{"type":"text","text":"no list"}}""", "it is no list")]
    [TestCase("""{"content":[],"structuredContent":{"answer":42}}""", "42")]
    [TestCase("""{"structuredContent":{"answer":42}, "isError": "no"}""", "42")]
    [TestCase("\"words\"", "it is no object")]
    public async Task Call_PartsThatCannotBeRead_AreLeftOutAndTheServerLives(string answer, params string[] words)
    {
        await using var bench = new McpBench(Odd("error"));

        ToolOutcome outcome = await bench.CallAsync("mcp__odd__parts", new { answer = JsonDocument.Parse(answer).RootElement });
        ToolOutcome next = await bench.CallAsync("mcp__odd__act");

        Assert.That(outcome.IsError, Is.False, outcome.Text);
        foreach (string expected in words)
        {
            Assert.That(outcome.Text, Does.Contain(expected));
        }

        Assert.That(next.Text, Is.EqualTo("done"));
        Assert.That(bench.Pids, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Choose_ServerThatHangs_IsMissingAndTheRestIsThere()
    {
        using var server = new ChangingServer();
        await using var bench =
            new McpBench(McpBench.Configuration(new { my = server.Definition(), odd = Definition("waits:/no/such/file") }));
        await bench.CallAsync("mcp__my__act");

        ToolOffer offer = await bench.Catalog.ChooseAsync(bench.Caller, TimeSpan.FromMilliseconds(300));

        Assert.That(offer.Tools.Select(tool => tool.Name), Is.EqualTo(["mcp__my__act"]));
        Assert.That(offer.Missing.Select(missing => missing.Group), Is.EqualTo(["mcp__odd"]));
        Assert.That(offer.Missing[0].Reason, Does.Contain("has not answered yet"));
    }

    [Test]
    public async Task Choose_NamedServerThatIsDown_IsMissingWithTheReason()
    {
        await using var bench = new McpBench("""{"mcpServers": {"my": {"command": "no-such-program-anywhere"}}}""");

        ToolOffer offer = await bench.Catalog.ChooseAsync(McpBench.Definition("mcp__my__act", "mcp__other__x"),
            TimeSpan.FromMinutes(1));

        Assert.That(offer.Missing.Select(missing => missing.Group), Is.EqualTo(["mcp__my"]));
        Assert.That(offer.Missing[0].Reason, Does.Contain("no-such-program-anywhere"));
        Assert.That(offer.Notes, Has.Some.Contains("no tool 'mcp__other__x'"));
    }

    internal static object Definition(params string[] how) =>
        McpBench.Shell(Path.Combine(AppContext.BaseDirectory, "node", "odd-server.mjs"), how);

    private static string Odd(params string[] how) => McpBench.Configuration(new { odd = Definition(how) });
}
