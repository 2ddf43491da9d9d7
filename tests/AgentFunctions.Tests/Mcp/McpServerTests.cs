using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Mcp;

/// <summary>What a server's process does, or fails to do; needs Node.js and nothing from npm.</summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class McpServerTests
{
    private static readonly object ReadOnly = new { readOnlyHint = true };
    private static readonly object Idempotent = new { idempotentHint = true };

    [OneTimeSetUp]
    public void NeedNode()
    {
        try
        {
            using Process node = Process.Start(new ProcessStartInfo("node", "--version") { RedirectStandardOutput = true })!;
            node.WaitForExit();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore("Node.js is not installed.");
        }
    }

    [Test]
    public async Task SelectAsync_AnnotatedTools_EffectsFollow(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer(
            ChangingServer.Tool("reads", ReadOnly), ChangingServer.Tool("sets", Idempotent), ChangingServer.Tool("acts"),
            ChangingServer.Tool("destroys", new { destructiveHint = true }), ChangingServer.Tool("said", ReadOnly));
        await using var bench =
            new McpBench(McpBench.Configuration(new { my = server.Definition(effects: new { said = "notIdempotent" }) }));
        bench.Caller = Agent.Create("a").WithInstructions("x").WithEffect("mcp__my__acts", ToolEffect.Idempotent);

        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(bench.Caller, cancellationToken);

        Assert.That(tools.ToDictionary(tool => tool.Name, tool => tool.Effect), Is.EqualTo(new Dictionary<string, ToolEffect>
        {
            ["mcp__my__reads"] = ToolEffect.None,
            ["mcp__my__sets"] = ToolEffect.Idempotent,
            ["mcp__my__acts"] = ToolEffect.Idempotent,
            ["mcp__my__destroys"] = ToolEffect.NotIdempotent,
            ["mcp__my__said"] = ToolEffect.NotIdempotent,
        }));
    }

    [TestCase("mcp__my")]
    [TestCase("mcp__my__*")]
    [TestCase("mcp__my__one")]
    public async Task SelectAsync_GroupOrName_SelectsIt(string entry, CancellationToken cancellationToken)
    {
        using var server = new ChangingServer(ChangingServer.Tool("one"));
        using var other = new ChangingServer(ChangingServer.Tool("two"));
        await using var bench =
            new McpBench(McpBench.Configuration(new { my = server.Definition(), other = other.Definition() }));

        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(McpBench.Definition(entry), cancellationToken);

        Assert.That(tools.Select(tool => tool.Name), Is.EqualTo(["mcp__my__one"]));
        Assert.That(bench.Pids, Has.Length.EqualTo(1), "a server that no tool comes from is not started");
    }

    [Test]
    public async Task SelectAsync_NamesThatNoProviderTakes_AreMadeFitAndStayApart(CancellationToken cancellationToken)
    {
        string longName = new('x', 100);
        using var server = new ChangingServer(
            ChangingServer.Tool("a.b"), ChangingServer.Tool("a_b"), ChangingServer.Tool(longName),
            ChangingServer.Tool(longName + "y"));
        await using var bench =
            new McpBench(McpBench.Configuration(new Dictionary<string, object> { ["my server"] = server.Definition() }));

        string[] names = [.. (await bench.Catalog.SelectAsync(bench.Caller, cancellationToken)).Select(tool => tool.Name)];

        Assert.That(names, Is.Unique.And.All.Matches("^[A-Za-z0-9_-]{1,64}$").And.All.StartsWith("mcp__my_server__"));
        Assert.That(names, Has.Length.EqualTo(4).And.Contains("mcp__my_server__a_b"));
        ToolOutcome outcome = await bench.CallAsync(names.First(name => name.Contains("xxx", StringComparison.Ordinal)), null,
            cancellationToken);
        Assert.That(outcome.IsError, Is.False, outcome.Text);
    }

    [Test]
    public async Task CallAsync_ManyRunsAtOnce_ShareOneProcess(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        await using var bench = new McpBench(McpBench.Configuration(new { my = server.Definition() }));

        ToolOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 50)
            .Select(_ => bench.CallAsync("mcp__my__act", null, cancellationToken)));

        Assert.That(outcomes.Select(outcome => outcome.Text), Is.All.EqualTo("act done"));
        Assert.That(bench.Pids, Has.Length.EqualTo(1));
        Assert.That(server.Calls.Select(call => call.GetProperty("meta").GetProperty("agentfunctions/idempotencyKey")
            .GetString()), Is.Unique.And.All.StartsWith("run-1/1/"));
    }

    [Test]
    public async Task CallAsync_WithinATrace_TheServerIsToldWhichOne(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        await using var bench = new McpBench(McpBench.Configuration(new { my = server.Definition() }));
        using Activity span = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        span.TraceStateString = "vendor=1";

        await bench.CallAsync("mcp__my__act", null, cancellationToken);

        JsonElement meta = server.Calls.Single().GetProperty("meta");
        Assert.That(meta.GetProperty("traceparent").GetString(), Does.StartWith($"00-{span.TraceId}-"));
        Assert.That(meta.GetProperty("tracestate").GetString(), Is.EqualTo("vendor=1"));
    }

    [Test]
    public async Task CallAsync_ErrorOfTheTool_IsAnErrorThatTheModelReads(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        await using var bench = new McpBench(McpBench.Configuration(new { my = server.Definition() }));

        ToolOutcome outcome = await bench.CallAsync("mcp__my__act", new { @do = "fail" }, cancellationToken);

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolFailed));
        Assert.That(outcome.Text, Does.Contain("it did not work"));
    }

    [Test]
    public async Task CallAsync_ArgumentsAgainstTheSchema_NeverReachTheServer(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer(ChangingServer.Tool("act", schema: new
        {
            type = "object",
            properties = new
            {
                id = new { type = "string", pattern = "^[A-Z]{3}$" },
                count = new { type = "integer", maximum = 5 }
            },
            required = new[] { "id" },
        }));
        await using var bench = new McpBench(McpBench.Configuration(new { my = server.Definition() }));

        ToolOutcome outcome = await bench.CallAsync("mcp__my__act", new { id = "abc", count = 9 }, cancellationToken);

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(outcome.Text, Does.Contain("id must match the pattern").And.Contain("count must be at most 5"));
        Assert.That(server.Calls, Is.Empty);
    }

    [Test]
    public async Task CallAsync_KilledBetweenCalls_IsStartedAgain(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        await using var bench = new McpBench(McpBench.Configuration(new { my = server.Definition() }));
        await bench.CallAsync("mcp__my__act", null, cancellationToken);
        Task<string> ended = bench.Log.NextAsync("ended: ");

        Process.GetProcessById(bench.Pids[0]).Kill();
        await ended.WaitAsync(cancellationToken);
        ToolOutcome outcome = await bench.CallAsync("mcp__my__act", null, cancellationToken);

        Assert.That(outcome.Text, Is.EqualTo("act done"));
        Assert.That(bench.Pids, Has.Length.EqualTo(2));
    }

    [TestCase("readOnlyHint", 2, null)]
    [TestCase("idempotentHint", 2, null)]
    [TestCase("destructiveHint", 1, ErrorCode.ToolOutcomeUnknown)]
    public async Task CallAsync_KilledDuringACall_RepeatsOnlyWhatMayBeRepeated(
        string hint, int calls, ErrorCode? code, CancellationToken cancellationToken)
    {
        using var server = new ChangingServer(ChangingServer.Tool("act", new Dictionary<string, bool> { [hint] = true }));
        await using var bench = new McpBench(McpBench.Configuration(new { my = server.Definition() }));
        Task<string> called = bench.Log.NextAsync("called act");
        Task<ToolOutcome> calling = bench.CallAsync("mcp__my__act", new { @do = "hangOnce" }, cancellationToken);
        await called.WaitAsync(cancellationToken);

        Process.GetProcessById(bench.Pids[0]).Kill();
        ToolOutcome outcome = await calling;

        Assert.That(outcome.Code, Is.EqualTo(code), outcome.Text);
        Assert.That(server.Calls, Has.Length.EqualTo(calls));
        Assert.That(server.Calls.Select(call => call.GetProperty("meta").GetRawText()).Distinct().Count(), Is.EqualTo(1),
            "one key");
    }

    [Test]
    public async Task CallAsync_ServerThatDiesAtEveryCall_IsNotStartedInAStorm(CancellationToken cancellationToken)
    {
        // The clock stands still, so that no pause is ever over; timers fire as usual.
        var time = new VirtualTime(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        TimeSpan step = TimeSpan.FromMilliseconds(20);
        using var server = new ChangingServer();
        await using var bench = new McpBench(McpBench.Configuration(new { my = server.Definition() }), time);

        var codes = new List<ErrorCode?>();
        for (int i = 0; i < 10; i++)
        {
            Task<ToolOutcome> call = bench.CallAsync("mcp__my__act", new { @do = "die" }, cancellationToken);
            await Poll.UntilEndAsync(
                call,
                () =>
                {
                    time.Advance(step);
                    time.Step(-step);
                },
                cancellationToken);
            codes.Add((await call).Code);
        }

        Assert.That(codes[0], Is.EqualTo(ErrorCode.ToolOutcomeUnknown));
        Assert.That(codes[^1], Is.EqualTo(ErrorCode.ToolUnavailable));
        Assert.That(bench.Pids, Has.Length.LessThan(6));
    }

    [Test]
    public void SelectAsync_ProgramThatDoesNotExist_SaysWhichServer()
    {
        var bench = new McpBench("""{"mcpServers": {"my": {"command": "no-such-program-anywhere"}}}""");

        AgentException? error =
            Assert.ThrowsAsync<AgentException>(() => bench.Catalog.SelectAsync(McpBench.Definition("mcp__my")));

        Assert.That(error!.Code, Is.EqualTo(ErrorCode.ToolUnavailable));
        Assert.That(error.Message, Does.Contain("'my'").And.Contain("no-such-program-anywhere"));
    }

    [Test]
    public async Task SelectAsync_ServerThatNobodyNamed_IsLeftOutWithAWarning(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        await using var bench =
            new McpBench(McpBench.Configuration(new
            {
                bad = new { command = "no-such-program-anywhere" },
                my = server.Definition()
            }));

        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(bench.Caller, cancellationToken);

        Assert.That(tools.Select(tool => tool.Name), Is.EqualTo(["mcp__my__act"]));
        Assert.That(bench.Log.All, Has.Some.Contains("goes without the tools of server 'bad'"));
    }

    [Test]
    public async Task ListChanged_NewTool_IsFound(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        await using var bench = new McpBench(McpBench.Configuration(new { my = server.Definition() }));
        await bench.Catalog.SelectAsync(bench.Caller, cancellationToken);
        Task<string> changed = bench.Log.NextAsync("changed its list");

        server.Offer(ChangingServer.Tool("act"), ChangingServer.Tool("more"));
        await changed.WaitAsync(cancellationToken);

        Assert.That(await bench.Catalog.FindAsync(bench.Caller, "mcp__my__more", cancellationToken), Is.Not.Null);
    }

    [Test]
    public async Task CallAsync_Environment_HoldsNothingOfTheHosts(CancellationToken cancellationToken)
    {
        Environment.SetEnvironmentVariable("AGENTFUNCTIONS_TEST_TOKEN", "tok-123456");
        using var server = new ChangingServer();
        await using var bench = new McpBench(McpBench.Configuration(new
        {
            my = server.Definition(env: new
            {
                SECRET = "${AGENTFUNCTIONS_TEST_TOKEN}",
                MODE = "${AGENTFUNCTIONS_TEST_UNSET:-fallback}"
            }),
        }));

        ToolOutcome outcome = await bench.CallAsync("mcp__my__act", new { @do = "env" }, cancellationToken);

        Dictionary<string, string> environment = JsonSerializer.Deserialize<Dictionary<string, string>>(outcome.Text)!;
        // sh adds a few of its own.
        Assert.That(environment.Keys.Except(["PWD", "OLDPWD", "SHLVL", "_"]),
            Is.EquivalentTo(["PATH", "HOME", "SECRET", "MODE"]));
        Assert.That(environment["SECRET"], Is.EqualTo("tok-123456"));
        Assert.That(environment["MODE"], Is.EqualTo("fallback"));
    }

    [Test]
    public async Task CallAsync_ServerWritesItsSecret_LogsAMask(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        await using var bench =
            new McpBench(McpBench.Configuration(new { my = server.Definition(env: new { SECRET = "hunter2-hunter2" }) }));
        Task<string> said = bench.Log.NextAsync("saying");

        await bench.CallAsync("mcp__my__act", new { @do = "say" }, cancellationToken);

        Assert.That(await said.WaitAsync(cancellationToken), Does.Contain("saying ***"));
        Assert.That(bench.Log.All, Has.None.Contains("hunter2"));
    }

    [Test]
    public async Task SelectAsync_VariableThatIsNotSet_NamesFileServerAndField(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        await using var bench =
            new McpBench(McpBench.Configuration(new { my = server.Definition(env: new { SECRET = "${AGENTFUNCTIONS_TEST_NEVER_SET}" }) }));

        AgentException? error =
            Assert.ThrowsAsync<AgentException>(() => bench.Catalog.SelectAsync(McpBench.Definition("mcp__my"),
                cancellationToken));

        Assert.That(error!.Message,
            Does.Contain(".mcp.json: mcpServers.my.env.SECRET").And.Contain("AGENTFUNCTIONS_TEST_NEVER_SET"));
    }

    [Test]
    public async Task DisposeAsync_RunningServer_EndsItsProcess(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        Process process;
        await using (var bench = new McpBench(McpBench.Configuration(new { my = server.Definition() })))
        {
            await bench.CallAsync("mcp__my__act", null, cancellationToken);
            process = Process.GetProcessById(bench.Pids[0]);
        }

        await process.WaitForExitAsync(cancellationToken);
        Assert.That(process.HasExited);
    }

    [Test]
    public async Task SelectAsync_ServerOfTheAgentsOwn_IsUsedByItAlone(CancellationToken cancellationToken)
    {
        using var server = new ChangingServer();
        await using var bench = new McpBench("""{"mcpServers": {}}""");
        // An agent's own server starts in the host's folder; this one leaves its process id in the test's.
        JsonObject definition = JsonSerializer.SerializeToNode(server.Definition())!.AsObject();
        definition["cwd"] = bench.Folder.Path;
        bench.Caller = McpBench.Definition() with
        {
            McpServers = [new AgentMcpServer("mine",
            JsonSerializer.SerializeToElement(definition))]
        };

        IReadOnlyList<AgentTool> own = await bench.Catalog.SelectAsync(bench.Caller, cancellationToken);
        IReadOnlyList<AgentTool> others = await bench.Catalog.SelectAsync(McpBench.Definition(), cancellationToken);

        Assert.That(own.Select(tool => tool.Name), Is.EqualTo(["mcp__mine__act"]));
        Assert.That(others, Is.Empty);
    }
}
