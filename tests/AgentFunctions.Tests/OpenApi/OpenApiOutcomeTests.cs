using AgentFunctions.Tools;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.Tests.OpenApi;

/// <summary>What is told of a call that failed: whether it may have taken effect, and how often it was made.</summary>
[CancelAfter(300_000)]
internal sealed class OpenApiOutcomeTests
{
    private const string Description = """
        openapi: 3.0.3
        info: {title: Orders, version: "1"}
        servers: [{url: /v1}]
        paths:
          /orders/{id}:
            parameters:
              - {name: id, in: path, required: true, schema: {type: string}}
            get: {operationId: getOrder}
            put: {operationId: setOrder, requestBody: {$ref: '#/components/requestBodies/Order'}}
          /orders:
            post: {operationId: placeOrder, requestBody: {$ref: '#/components/requestBodies/Order'}}
        components:
          requestBodies:
            Order: {required: true, content: {application/json: {schema: {type: object}}}}
        """;

    [TestCase("shop__getOrder", 504, 1, ErrorCode.ToolFailed)]
    [TestCase("shop__setOrder", 504, 2, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("shop__placeOrder", 504, 1, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("shop__placeOrder", 500, 1, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("shop__placeOrder", 408, 1, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("shop__placeOrder", 501, 1, ErrorCode.ToolFailed)]
    [TestCase("shop__placeOrder", 422, 1, ErrorCode.ToolFailed)]
    public async Task CallAsync_StatusThatLeavesOpenWhatHappened_IsUnknown(string tool, int status, int calls, ErrorCode code)
    {
        await using ApiServer server = await ApiServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("gave up");
        });
        await using var bench = new OpenApiBench(server, Description);

        ToolOutcome outcome = await bench.CallAsync(tool, ArgumentsOf(tool));

        Assert.That(outcome.Code, Is.EqualTo(code), outcome.Text);
        Assert.That(outcome.Text, Does.Contain($"HTTP {status}").And.Contain("gave up"));
        Assert.That(server.Requests, Has.Count.EqualTo(calls));
        Assert.That(server.Requests.Select(static request => request.Headers["Idempotency-Key"]).Distinct().Count(), Is.EqualTo(1));
    }

    [TestCase("shop__getOrder", 2)]
    [TestCase("shop__setOrder", 2)]
    [TestCase("shop__placeOrder", 1)]
    public async Task CallAsync_ConnectionLost_RepeatsOnlyWhatMayBeRepeated(string tool, int calls)
    {
        await using ApiServer server = await ApiServer.StartAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        await using var bench = new OpenApiBench(server, Description);

        ToolOutcome outcome = await bench.CallAsync(tool, ArgumentsOf(tool));

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolOutcomeUnknown), outcome.Text);
        Assert.That(server.Requests, Has.Count.EqualTo(calls));
        Assert.That(server.Requests.Select(request => request.Headers["Idempotency-Key"]), Is.All.EqualTo("run-1/1/0"));
    }

    [TestCase("shop__placeOrder", 303, "/v1/orders/1", 404, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("shop__placeOrder", 302, "/v1/orders/1", 0, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("shop__placeOrder", 303, "https://elsewhere.example/1", 200, ErrorCode.ToolOutcomeUnknown)]
    [TestCase("shop__placeOrder", 307, "https://elsewhere.example/1", 200, ErrorCode.ToolFailed)]
    [TestCase("shop__getOrder", 302, "https://elsewhere.example/1", 200, ErrorCode.ToolFailed)]
    [TestCase("shop__getOrder", 302, "/v1/orders/2", 404, ErrorCode.ToolFailed)]
    [TestCase("shop__placeOrder", 303, "/v1/orders/1", 200, null)]
    public async Task CallAsync_AnsweredWithARedirect_IsUnknownUnlessTheNextAnswerSaysSo(
        string tool, int status, string location, int next, ErrorCode? code)
    {
        int calls = 0;
        await using ApiServer server = await ApiServer.StartAsync(context =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                context.Response.StatusCode = status;
                context.Response.Headers.Location = location;
            }
            else if (next == 0)
            {
                context.Abort();
            }
            else
            {
                context.Response.StatusCode = next;
            }

            return Task.CompletedTask;
        });
        await using var bench = new OpenApiBench(server, Description);

        ToolOutcome outcome = await bench.CallAsync(tool, ArgumentsOf(tool));

        Assert.That(outcome.IsError ? outcome.Code : null, Is.EqualTo(code), outcome.Text);
    }

    [Test]
    public async Task CallAsync_NobodyListens_IsUnavailable()
    {
        ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Description);
        await bench.Catalog.SelectAsync(bench.Agent);
        await server.DisposeAsync();

        ToolOutcome outcome = await bench.CallAsync("shop__placeOrder", new { body = new { item = "x" } });

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolUnavailable));
    }

    [Test]
    public async Task CallAsync_RepetitionFails_StaysUnknown()
    {
        int calls = 0;
        await using ApiServer server = await ApiServer.StartAsync(context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref calls) == 1 ? 504 : 412;
            return context.Response.WriteAsync($"answer {calls}");
        });
        await using var bench = new OpenApiBench(server, Description);

        ToolOutcome outcome = await bench.CallAsync("shop__setOrder", ArgumentsOf("shop__setOrder"));

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolOutcomeUnknown));
        Assert.That(outcome.Text, Does.Contain("HTTP 504").And.Contain("HTTP 412"));
    }

    private static object ArgumentsOf(string tool) => tool switch
    {
        "shop__getOrder" => new { id = "1" },
        "shop__setOrder" => new { id = "1", body = new { item = "x" } },
        _ => new { body = new { item = "x" } },
    };
}
