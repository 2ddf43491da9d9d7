using System.Text.Json;
using AgentFunctions.Tests.OpenApi;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.Tests.Mcp;

/// <summary>Calls over HTTP whose answer does not come whole, of a server that answers whatever is asked next.</summary>
[CancelAfter(300_000)]
internal sealed class BrokenStreamTests
{
    private const string Gateway = """{"error":{"code":503,"message":"upstream reset"}}""";
    private const string Server = """{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no"}}""";

    [TestCase("order", "cut", 1, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("set", "cut", 2, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("order", "408", 1, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("order", "503 " + Gateway, 1, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("order", "500 " + Server, 1, ErrorCode.ToolFailed)]
    [TestCase("order", "422", 1, ErrorCode.ToolFailed)]
    public async Task CallAsync_AnswerDoesNotComeWhole_IsUnknownUnlessTheServerItselfSaidNo(
        string tool, string how, int calls, ErrorCode code)
    {
        await using ApiServer server = await ApiServer.StartAsync(context => AnswerAsync(context, how));
        await using var bench = new McpBench(McpBench.Configuration(new
        {
            shop = new { url = $"{server.Url}/mcp", effects = new { set = "idempotent" } },
        }));
        await bench.Catalog.SelectAsync(bench.Caller);

        ToolOutcome outcome = await bench.CallAsync($"mcp__shop__{tool}");

        Assert.That(outcome.Code, Is.EqualTo(code), outcome.Text);
        Assert.That(
            server.Requests.Count(static request => request.Body.Contains("tools/call", StringComparison.Ordinal)),
            Is.EqualTo(calls));
    }

    private static async Task AnswerAsync(HttpContext context, string how)
    {
        if (context.Request.Method != "POST")
        {
            context.Response.StatusCode = 405;
            return;
        }

        JsonElement message = (await JsonDocument.ParseAsync(context.Request.Body)).RootElement;
        string method = message.GetProperty("method").GetString()!;
        if (!message.TryGetProperty("id", out JsonElement id))
        {
            context.Response.StatusCode = 202;
        }
        else if (method != "tools/call")
        {
            await context.Response.WriteAsJsonAsync(ResultOf(method) is { } result
                ? (object)new { jsonrpc = "2.0", id, result }
                : new { jsonrpc = "2.0", id, error = new { code = -32601, message = "no such method" } });
        }
        else if (how == "cut")
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync(": at work\n\n");
            await context.Response.Body.FlushAsync();
            context.Abort();
        }
        else
        {
            string[] parts = how.Split(' ', 2);
            context.Response.StatusCode = int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture);
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(parts.Length > 1 ? parts[1] : "");
        }
    }

    private static object? ResultOf(string method) => method switch
    {
        "initialize" => new
        {
            protocolVersion = "2025-06-18",
            capabilities = new { tools = new { } },
            serverInfo = new { name = "shop", version = "1" },
        },
        "tools/list" => new
        {
            tools = new[] { "order", "set" }.Select(static name => new { name, inputSchema = new { type = "object" } }),
        },
        "ping" => new { },
        _ => null,
    };
}
