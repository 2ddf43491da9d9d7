using System.Text.Json;
using AgentFunctions.Runs;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Mcp;

/// <summary>A run's tools while a real server changes under it.</summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class RunToolsTests
{
    private static readonly object Named = new
    {
        type = "object",
        properties = new { name = new { type = "string" } },
        required = new[] { "name" }
    };

    private static readonly object NamedAndSized = new
    {
        type = "object",
        properties = new { name = new { type = "string" }, size = new { type = "integer" } },
        required = new[] { "name", "size" },
    };

    [Test]
    public async Task DeclaredAsync_ServerChanged_ShowsTheSameBytes(CancellationToken cancellationToken)
    {
        await using Case run = await Case.StartAsync(ChangingServer.Tool("act", schema: Named), cancellationToken);
        string before = await run.ShownAsync(cancellationToken);

        await run.ChangeAsync(cancellationToken,
            ChangingServer.Tool("act", schema: NamedAndSized, description: "Does it all anew."), ChangingServer.Tool("more"));

        Assert.That(await run.ShownAsync(cancellationToken), Is.EqualTo(before));
        Assert.That(await run.ShownAsync(cancellationToken, afterRestart: true), Is.EqualTo(before));
        Assert.That(before, Does.Contain("Acts.").And.Not.Contain("size"));
    }

    [Test]
    public async Task PrepareAsync_ChangedAndFitting_IsCalledWithOneNotice(CancellationToken cancellationToken)
    {
        await using Case run = await Case.StartAsync(ChangingServer.Tool("act", schema: Named), cancellationToken);
        await run.ChangeAsync(cancellationToken, ChangingServer.Tool("act", schema: NamedAndSized));

        ToolOutcome first = await run.CallAsync(1, "mcp__my__act", new { name = "a", size = 1 }, cancellationToken);
        ToolOutcome repeated = await run.CallAsync(1, "mcp__my__act", new { name = "a", size = 1 }, cancellationToken);
        ToolOutcome second = await run.CallAsync(2, "mcp__my__act", new { name = "b", size = 2 }, cancellationToken);

        Assert.That(first.Text,
            Does.Contain("has changed since this run began").And.Contain("\"size\"").And.EndsWith("act done"));
        Assert.That(repeated.Text, Is.EqualTo(first.Text), "a call that is repeated after a crash says the same");
        Assert.That(second.Text, Is.EqualTo("act done"));
        Assert.That(run.Server.Calls, Has.Length.EqualTo(3));
    }

    [Test]
    public async Task PrepareAsync_ChangedAndNotFitting_IsRefusedWithTheNewSchema(CancellationToken cancellationToken)
    {
        await using Case run = await Case.StartAsync(ChangingServer.Tool("act", schema: Named), cancellationToken);
        await run.ChangeAsync(cancellationToken, ChangingServer.Tool("act", schema: NamedAndSized));

        ToolOutcome outcome = await run.CallAsync(1, "mcp__my__act", new { name = "a" }, cancellationToken);

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolChanged));
        Assert.That(outcome.Text, Does.Contain("size").And.Contain("\"integer\""));
        Assert.That(run.Server.Calls, Is.Empty);
    }

    [Test]
    public async Task PrepareAsync_EffectBecameWorse_CountsAsTheWorse(CancellationToken cancellationToken)
    {
        await using Case run = await Case.StartAsync(ChangingServer.Tool("act", new { readOnlyHint = true }), cancellationToken);
        await run.ChangeAsync(cancellationToken, ChangingServer.Tool("act"));

        PreparedCall worse = await run.PrepareAsync(1, "mcp__my__act", new { }, cancellationToken);
        await run.ChangeAsync(cancellationToken, ChangingServer.Tool("act", new { readOnlyHint = true }));
        PreparedCall asBefore = await run.PrepareAsync(1, "mcp__my__act", new { }, cancellationToken);

        Assert.That(worse.Call!.Tool.Effect, Is.EqualTo(ToolEffect.NotIdempotent));
        Assert.That(asBefore.Call!.Tool.Effect, Is.EqualTo(ToolEffect.None));
        Assert.That(asBefore.Notice, Is.Null);
    }

    [Test]
    public async Task PrepareAsync_Vanished_SaysSo(CancellationToken cancellationToken)
    {
        await using Case run = await Case.StartAsync(ChangingServer.Tool("act"), cancellationToken);
        await run.ChangeAsync(cancellationToken, ChangingServer.Tool("other"));

        ToolOutcome gone = await run.CallAsync(1, "mcp__my__act", new { }, cancellationToken);
        ToolOutcome unknown = await run.CallAsync(2, "mcp__my__other", new { }, cancellationToken);

        Assert.That(gone.Code, Is.EqualTo(ErrorCode.ToolNotFound));
        Assert.That(gone.Text, Does.Contain("is there no more"));
        Assert.That(unknown.Text, Does.Contain("use one of: mcp__my__act"), "a tool that came later is not this run's");
        Assert.That(run.Server.Calls, Is.Empty);
    }

    [Test]
    public async Task PrepareAsync_ServerGone_IsAResult(CancellationToken cancellationToken)
    {
        await using Case run = await Case.StartAsync(ChangingServer.Tool("act"), cancellationToken);
        await using var later = new McpBench("""{"mcpServers": {"my": {"command": "no-such-program-anywhere"}}}""");

        ToolOutcome outcome = await run.CallAsync(1, "mcp__my__act", new { }, cancellationToken, later.Catalog);

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolUnavailable));
        Assert.That(outcome.Text, Does.Contain("'my'"));
    }

    private sealed class Case : IAsyncDisposable
    {
        private readonly McpBench _bench;
        private RunRecord _run = null!;

        private Case(ChangingServer server)
        {
            Server = server;
            _bench = new McpBench(McpBench.Configuration(new { my = server.Definition() }));
        }

        public ChangingServer Server { get; }

        private RunTools Tools { get; set; } = null!;

        public static async Task<Case> StartAsync(object tool, CancellationToken cancellationToken)
        {
            var made = new Case(new ChangingServer(tool));
            made.Tools = made.NewTools(made._bench.Catalog);
            made._run = new RunRecord
            {
                Id = "run-1",
                Agent = "tester",
                DefinitionHash = "",
                Model = "m",
                Goal = "g",
                CreatedAt = DateTimeOffset.UnixEpoch,
                ToolsHash = await made.Tools.PinAsync(await made.Tools.SelectAsync(made._bench.Caller, cancellationToken),
                    cancellationToken),
            };
            return made;
        }

        public async Task ChangeAsync(CancellationToken cancellationToken, params object[] tools)
        {
            Task<string> changed = _bench.Log.NextAsync("changed its list");
            Server.Offer(tools);
            await changed.WaitAsync(cancellationToken);
        }

        public async Task<string> ShownAsync(CancellationToken cancellationToken, bool afterRestart = false) => string.Join(
            '\n',
            (await (afterRestart ? NewTools(_bench.Catalog) : Tools).DeclaredAsync(_run, _bench.Caller, cancellationToken))
                .Select(tool => $"{tool.Function.Name} {tool.Function.Description} {tool.Function.JsonSchema.GetRawText()}"));

        public Task<PreparedCall> PrepareAsync(int call, string name, object arguments, CancellationToken cancellationToken,
            ToolCatalog? catalog = null) =>
            (catalog is null ? Tools : NewTools(catalog)).PrepareAsync(
                _run, _bench.Caller, ToolBench.Call(name, JsonSerializer.SerializeToElement(arguments)), _bench.Context(call),
                cancellationToken);

        public async Task<ToolOutcome> CallAsync(
            int call, string name, object arguments, CancellationToken cancellationToken, ToolCatalog? catalog = null)
        {
            PreparedCall prepared = await PrepareAsync(call, name, arguments, cancellationToken, catalog);
            return prepared.WithNotice(
                prepared.Call is null
                    ? prepared.Refusal!
                    : await new ToolInvoker(TimeProvider.System).InvokeAsync(prepared.Call, cancellationToken));
        }

        public async ValueTask DisposeAsync()
        {
            await _bench.DisposeAsync();
            Server.Dispose();
        }

        private RunTools NewTools(ToolCatalog catalog) => new(
            catalog, _bench.Stores, _bench.Stores,
            Options.Create(new ToolOptions { ServerPatience = TimeSpan.FromMinutes(1) }));
    }
}
