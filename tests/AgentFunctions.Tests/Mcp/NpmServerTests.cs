using System.Diagnostics;
using AgentFunctions.Records;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Mcp;

/// <summary>
/// The servers that people run: npm's <c>@modelcontextprotocol/server-everything</c>, <c>-filesystem</c> and <c>-memory</c>.
/// </summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class NpmServerTests
{
    private string _folder = "";

    [OneTimeSetUp]
    public async Task NeedServers()
    {
        (string? folder, string? reason) = await NodeServers.InstalledAsync();
        if (folder is null)
        {
            Assert.Ignore(reason ?? "no servers");
        }

        _folder = folder;
    }

    private object Everything => McpBench.Shell(NodeServers.Script(_folder, "everything"), ["stdio"]);

    [Test]
    public async Task Everything_OverStdio_ListsAndCalls(CancellationToken cancellationToken)
    {
        await using var bench = new McpBench(McpBench.Configuration(new { everything = Everything }));

        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(bench.Caller, cancellationToken);

        Assert.That(tools.Select(tool => tool.Name),
            Is.SupersetOf(new[] { "mcp__everything__echo", "mcp__everything__get-sum" }));
        Assert.That(tools.Single(tool => tool.Name == "mcp__everything__echo").Effect, Is.EqualTo(ToolEffect.None));
        Assert.That(tools.Single(tool => tool.Name == "mcp__everything__toggle-simulated-logging").Effect,
            Is.EqualTo(ToolEffect.NotIdempotent));
        Assert.That((await bench.CallAsync("mcp__everything__echo", new { message = "héllo 🌍" }, cancellationToken)).Text,
            Is.EqualTo("Echo: héllo 🌍"));
        Assert.That((await bench.CallAsync("mcp__everything__get-sum", new { a = 2, b = 3 }, cancellationToken)).Text,
            Does.Contain("5"));
        ToolOutcome wrong = await bench.CallAsync("mcp__everything__get-sum", new { a = 2 }, cancellationToken);
        Assert.That(wrong.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(wrong.Text, Does.Contain("b"));
    }

    [Test]
    public async Task Everything_PicturesAndResources_BecomeArtifactsAndText(CancellationToken cancellationToken)
    {
        await using var bench = new McpBench(McpBench.Configuration(new { everything = Everything }));

        ToolOutcome image = await bench.CallAsync("mcp__everything__get-tiny-image", null, cancellationToken);
        ToolOutcome blob = await bench.CallAsync("mcp__everything__get-resource-reference",
            new { resourceType = "Blob", resourceId = 2 }, cancellationToken);
        ToolOutcome text = await bench.CallAsync("mcp__everything__get-resource-reference",
            new { resourceType = "Text", resourceId = 1 }, cancellationToken);
        ToolOutcome links = await bench.CallAsync("mcp__everything__get-resource-links", new { count = 2 }, cancellationToken);
        ToolOutcome structured = await bench.CallAsync("mcp__everything__get-structured-content", new { location = "Chicago" },
            cancellationToken);

        IReadOnlyList<Artifact> artifacts = await bench.Artifacts.ListAsync("run-1", cancellationToken);
        Artifact png = artifacts.Single(artifact => artifact.MediaType == "image/png");
        Assert.That(image.Text, Does.Contain(png.Name));
        (_, ReadOnlyMemory<byte> content) = (await bench.Artifacts.GetAsync("run-1", png.Name, cancellationToken))!.Value;
        Assert.That(content[..4].ToArray(), Is.EqualTo(new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G' }));
        Assert.That(artifacts, Has.Count.EqualTo(2), "the picture and the blob");
        Assert.That(blob.Text, Does.Contain("saved as artifact"));
        Assert.That(text.Text, Does.Contain("[resource demo://resource"));
        Assert.That(links.Text, Does.Contain("[link to resource demo://resource"));
        Assert.That(structured.Text, Does.Contain("temperature"));
    }

    [Test]
    public async Task Everything_OverStreamableHttp_SurvivesItsRestart(CancellationToken cancellationToken)
    {
        await using NodeHttpServer server = await NodeHttpServer.StartAsync(NodeServers.Script(_folder, "everything"),
            "streamableHttp");
        await using var bench = new McpBench(McpBench.Configuration(
            new
            {
                everything = new
                {
                    type = "http",
                    url = $"http://127.0.0.1:{server.Port}/mcp",
                    headers = new { Authorization = "Bearer secret-token" }
                }
            }));
        ToolOutcome before = await bench.CallAsync("mcp__everything__echo", new { message = "one" }, cancellationToken);

        await server.KillAsync();
        ToolOutcome gone = await bench.CallAsync("mcp__everything__echo", new { message = "two" }, cancellationToken);
        await server.StartAsync();
        ToolOutcome after = await bench.CallAsync("mcp__everything__echo", new { message = "three" }, cancellationToken);

        Assert.That(before.Text, Is.EqualTo("Echo: one"));
        Assert.That(gone.Code, Is.EqualTo(ErrorCode.ToolUnavailable), gone.Text);
        Assert.That(after.Text, Is.EqualTo("Echo: three"));
        Assert.That(bench.Log.All, Has.None.Contains("secret-token"));
    }

    [Test]
    public async Task Everything_OverTheOldSse_ListsCallsAndSurvivesItsRestart(CancellationToken cancellationToken)
    {
        await using NodeHttpServer server = await NodeHttpServer.StartAsync(
            "Server is running on port", NodeServers.Script(_folder, "everything"), ["sse"]);
        await using var bench = new McpBench(McpBench.Configuration(
            new { everything = new { type = "sse", url = $"http://127.0.0.1:{server.Port}/sse" } }));
        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(bench.Caller, cancellationToken);
        ToolOutcome echo = await bench.CallAsync("mcp__everything__echo", new { message = "one" }, cancellationToken);
        ToolOutcome image = await bench.CallAsync("mcp__everything__get-tiny-image", null, cancellationToken);
        Task<string> ended = bench.Log.NextAsync("ended: ");

        await server.KillAsync();
        await ended.WaitAsync(cancellationToken);
        await server.StartAsync();
        ToolOutcome after = await bench.CallAsync("mcp__everything__echo", new { message = "two" }, cancellationToken);

        Assert.That(tools.Select(tool => tool.Name), Does.Contain("mcp__everything__get-sum"));
        Assert.That(echo.Text, Is.EqualTo("Echo: one"));
        Assert.That(image.Text, Does.Contain("saved as artifact"));
        Assert.That(after.Text, Is.EqualTo("Echo: two"));
    }

    [Test]
    public async Task Everything_RestartedBetweenCalls_TakesANewSessionUnnoticed(CancellationToken cancellationToken)
    {
        await using NodeHttpServer server = await NodeHttpServer.StartAsync(NodeServers.Script(_folder, "everything"),
            "streamableHttp");
        await using var bench = new McpBench(McpBench.Configuration(new
        {
            everything = new
            {
                url = $"http://127.0.0.1:{server.Port}/mcp",
                effects = new Dictionary<string, string> { ["get-sum"] = "notIdempotent" }
            },
        }));
        await bench.CallAsync("mcp__everything__get-sum", new { a = 1, b = 1 }, cancellationToken);

        await server.KillAsync();
        await server.StartAsync();
        ToolOutcome outcome = await bench.CallAsync("mcp__everything__get-sum", new { a = 20, b = 22 }, cancellationToken);

        // The server turned the old session away unread, so even a call that must not be repeated was made, once.
        Assert.That(outcome.Text, Does.Contain("42"));
    }

    [Test]
    public async Task Everything_KilledDuringALongCallOverHttp_OutcomeIsUnknown(CancellationToken cancellationToken)
    {
        await using NodeHttpServer server = await NodeHttpServer.StartAsync(NodeServers.Script(_folder, "everything"),
            "streamableHttp");
        await using var bench = new McpBench(McpBench.Configuration(new
        {
            everything = new
            {
                url = $"http://127.0.0.1:{server.Port}/mcp",
                effects = new Dictionary<string, string> { ["trigger-long-running-operation"] = "notIdempotent" },
            },
        }));
        // The server says itself that the call is at work.
        var atWork = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Reports = new Progress<string>(_ => atWork.TrySetResult());
        Task<ToolOutcome> calling = bench.CallAsync("mcp__everything__trigger-long-running-operation",
            new { duration = 100, steps = 200 }, cancellationToken);
        await atWork.Task.WaitAsync(cancellationToken);

        await server.KillAsync();

        Assert.That((await calling).Code, Is.EqualTo(ErrorCode.ToolOutcomeUnknown));
    }

    [Test]
    public async Task Filesystem_KilledBetweenCalls_WritesAndReadsOn(CancellationToken cancellationToken)
    {
        using var files = new TemporaryFolder();
        await using var bench = new McpBench(McpBench.Configuration(
            new { fs = McpBench.Shell(NodeServers.Script(_folder, "filesystem"), [files.Path]) }));
        string path = Path.Combine(files.Path, "a.txt");
        ToolOutcome written = await bench.CallAsync("mcp__fs__write_file", new { path, content = "first line\n" },
            cancellationToken);
        Task<string> ended = bench.Log.NextAsync("ended: ");
        Process.GetProcessById(bench.Pids[0]).Kill();
        await ended.WaitAsync(cancellationToken);

        ToolOutcome read = await bench.CallAsync("mcp__fs__read_text_file", new { path }, cancellationToken);
        ToolOutcome outside = await bench.CallAsync("mcp__fs__read_text_file", new { path = "/etc/passwd" }, cancellationToken);

        Assert.That(written.IsError, Is.False, written.Text);
        Assert.That(files.Read("a.txt"), Is.EqualTo("first line\n"));
        Assert.That(read.Text, Does.Contain("first line"));
        Assert.That(outside.Code, Is.EqualTo(ErrorCode.ToolFailed));
        Assert.That(bench.Pids, Has.Length.EqualTo(2));
    }

    [Test]
    public async Task Memory_Killed_RemembersWhatItWrote(CancellationToken cancellationToken)
    {
        using var files = new TemporaryFolder();
        await using var bench = new McpBench(McpBench.Configuration(new
        {
            memory = McpBench.Shell(
                NodeServers.Script(_folder, "memory"), env: new { MEMORY_FILE_PATH = Path.Combine(files.Path, "memory.jsonl") }),
        }));
        var entity = new { name = "Ada", entityType = "person", observations = new[] { "wrote programs" } };
        ToolOutcome created = await bench.CallAsync("mcp__memory__create_entities", new { entities = new[] { entity } },
            cancellationToken);
        Task<string> ended = bench.Log.NextAsync("ended: ");
        Process.GetProcessById(bench.Pids[0]).Kill();
        await ended.WaitAsync(cancellationToken);

        ToolOutcome graph = await bench.CallAsync("mcp__memory__read_graph", null, cancellationToken);

        Assert.That(created.IsError, Is.False, created.Text);
        Assert.That(graph.Text, Does.Contain("Ada").And.Contain("wrote programs"));
    }
}
