using System.Text.Json.Nodes;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.Mcp;

/// <summary>
/// A server behind an address may have to be woken: its answer to the probe is waited for longer than a program's, and not for
/// ever.
/// </summary>
[CancelAfter(300_000)]
internal sealed class SlowProbeTests
{
    [Test]
    public async Task Probe_AnswerComesAfterNineteenSeconds_IsWaitedForAndTheNewestProtocolIsSpoken(CancellationToken cancellationToken)
    {
        await using SlowServer server = await SlowServer.StartAsync();
        var time = new VirtualTime(DateTimeOffset.UtcNow);
        await using var bench = new McpBench(McpBench.Configuration(new { slow = new { type = "http", url = server.Url } }),
            time);

        Task<IReadOnlyList<AgentTool>> listed = bench.Catalog.SelectAsync(bench.Caller, cancellationToken);
        await server.Probed.WaitAsync(cancellationToken);
        time.Advance(TimeSpan.FromSeconds(19));
        server.Release();
        IReadOnlyList<AgentTool> tools = await listed;

        Assert.That(tools.Select(static tool => tool.Name), Is.EqualTo(["mcp__slow__act"]));
        Assert.That(server.Methods, Is.EqualTo(new[] { "server/discover", "tools/list" }), "no second try, no older protocol");
        Assert.That((await bench.CallAsync("mcp__slow__act", cancellationToken: cancellationToken)).Text, Is.EqualTo("done"));
    }

    [Test]
    public async Task Probe_NoAnswerWithinTwentySeconds_IsTakenForAnOlderServer(CancellationToken cancellationToken)
    {
        await using SlowServer server = await SlowServer.StartAsync();
        var time = new VirtualTime(DateTimeOffset.UtcNow);
        await using var bench = new McpBench(McpBench.Configuration(new { slow = new { type = "http", url = server.Url } }),
            time);

        Task<IReadOnlyList<AgentTool>> listed = bench.Catalog.SelectAsync(bench.Caller, cancellationToken);
        await server.Probed.WaitAsync(cancellationToken);
        time.Advance(TimeSpan.FromSeconds(20));
        IReadOnlyList<AgentTool> tools = await listed;

        Assert.That(tools.Select(static tool => tool.Name), Is.EqualTo(["mcp__slow__act"]));
        Assert.That(server.Methods, Is.SupersetOf(new[] { "server/discover", "initialize", "tools/list" }));
    }

    /// <summary>Speaks both protocols, and holds its answer to the probe until it is released.</summary>
    private sealed class SlowServer : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly TaskCompletionSource _probed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _methods = new();

        private SlowServer()
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            _app = builder.Build();
            _app.MapPost("/mcp", (Delegate)AnswerAsync);
        }

        public string Url => _app.Urls.First() + "/mcp";

        /// <summary>Completes when the probe has come.</summary>
        public Task Probed => _probed.Task;

        /// <summary>What was asked, in order.</summary>
        public IReadOnlyCollection<string> Methods => [.. _methods];

        public static async Task<SlowServer> StartAsync()
        {
            var server = new SlowServer();
            await server._app.StartAsync();
            return server;
        }

        public void Release() => _released.TrySetResult();

        public async ValueTask DisposeAsync()
        {
            Release();
            await _app.DisposeAsync();
        }

        private async Task<IResult> AnswerAsync(HttpContext http)
        {
            JsonNode call = (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))!;
            if (call["id"] is not { } id)
            {
                return Results.StatusCode(202);
            }

            string method = call["method"]!.GetValue<string>();
            _methods.Enqueue(method);
            if (method == "server/discover")
            {
                _probed.TrySetResult();
                await _released.Task.WaitAsync(http.RequestAborted);
            }

            object? result = method switch
            {
                "server/discover" => new
                {
                    resultType = "complete",
                    supportedVersions = new[] { "2026-07-28" },
                    capabilities = new { tools = new { } },
                    ttlMs = 0,
                    cacheScope = "private"
                },
                "initialize" => new
                {
                    protocolVersion = call["params"]!["protocolVersion"]!.GetValue<string>(),
                    capabilities = new { tools = new { } },
                    serverInfo = new { name = "slow", version = "1" }
                },
                "tools/list" => new
                {
                    resultType = "complete",
                    ttlMs = 0,
                    cacheScope = "private",
                    tools = new[] { new { name = "act", inputSchema = new { type = "object" },
                        annotations = new { readOnlyHint = true } } }
                },
                "tools/call" => new { content = new[] { new { type = "text", text = "done" } } },
                "ping" => new { },
                _ => null,
            };
            JsonNode number = id.DeepClone();
            return result is null
                ? Results.Json(new { jsonrpc = "2.0", id = number, error = new { code = -32601, message = "Method not found" } })
                : Results.Json(new { jsonrpc = "2.0", id = number, result });
        }
    }
}
