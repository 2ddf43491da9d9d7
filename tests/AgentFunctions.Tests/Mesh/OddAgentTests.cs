using System.Text.Json.Nodes;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tests.OpenApi;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.Tests.Mesh;

/// <summary>Agents of other hosts that answer oddly, or not at all: none of them ends the run.</summary>
[CancelAfter(300_000)]
internal sealed class OddAgentTests
{
    [TestCase("noCard", "cannot be called")]
    [TestCase("noJson", "cannot be called")]
    [TestCase("otherHost", "another host")]
    [TestCase("oldVersion", "no JSON-RPC interface of A2A 1.0")]
    [TestCase("unsigned", "no valid signature")]
    [TestCase("refuses", "refused the message: not today")]
    [TestCase("exhausted", "refused the message: enough for today")]
    [TestCase("internal", "unknown")]
    [TestCase("internalOnce", "All is well.")]
    [TestCase("twice", "unknown")]
    [TestCase("nonsense", "unknown")]
    [TestCase("message", "I heard: ")]
    [TestCase("fails", "did not do it (failed)")]
    [TestCase("forgets", "does not know the task any more")]
    [TestCase("unavailable", "All is well.")]
    [TestCase("silent", "unknown")]
    public async Task Call_OfAnAgentThatIsOdd_IsToldToTheModel(string kind, string expected, CancellationToken cancellationToken)
    {
        int looks = 0;
        string url = "";
        await using ApiServer server = await ApiServer.StartAsync(async context =>
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                await WriteCardAsync(context, kind, url);
                return;
            }

            int number = Interlocked.Increment(ref looks);
            await AnswerAsync(context, kind, number);
        });
        url = server.Url;
        await using ApiHost host = await MeshHosts.StartAsync(static request => MeshHosts.Lead(request, "odd", "Do it."));
        host.Know("odd", new Uri(server.Url + "/"), configure: agent =>
        {
            agent.Card = $"{server.Url}/card";
            agent.Trust = kind == "unsigned" ? AgentFunctions.Mesh.MeshTrust.SignedCard : AgentFunctions.Mesh.MeshTrust.Any;
        });

        Run run = await host.LeadAsync("Ask.", cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(run.Result?.Text, Does.Contain(expected));
    }

    private static async Task WriteCardAsync(HttpContext context, string kind, string url)
    {
        if (kind == "noCard")
        {
            context.Response.StatusCode = 404;
            return;
        }

        await context.Response.WriteAsync(kind == "noJson" ? "<html>" : new JsonObject
        {
            ["name"] = "odd",
            ["description"] = "Is odd.",
            ["supportedInterfaces"] = new JsonArray(new JsonObject
            {
                ["url"] = kind == "otherHost" ? "http://127.0.0.1:1/rpc" : $"{url}/rpc",
                ["protocolBinding"] = "JSONRPC",
                ["protocolVersion"] = kind == "oldVersion" ? "0.3" : "1.0",
            }),
            ["capabilities"] = kind != "internalOnce" ? null : new JsonObject
            {
                ["extensions"] = new JsonArray(new JsonObject { ["uri"] = AgentFunctions.Mesh.Remote.RemoteCard.IdempotentSend }),
            },
        }.ToJsonString());
    }

    private static async Task AnswerAsync(HttpContext context, string kind, int number)
    {
        bool isLook = number > 1;
        switch (kind)
        {
            case "silent":
                context.Abort();
                return;
            case "unavailable" when number is 2 or 3:
                context.Response.StatusCode = number == 2 ? 503 : 429;
                return;
            case "unavailable" when number == 4:
                await context.Response.WriteAsync("not JSON");
                return;
        }

        string result = kind switch
        {
            "refuses" => """ "error":{"code":-32602,"message":"not today"} """,
            // Its store was away after it had begun.
            "internal" => """ "error":{"code":-32603,"message":"away","data":[{"reason":"UNAVAILABLE"}]} """,
            "internalOnce" when !isLook => """ "error":{"code":-32603,"message":"away"} """,
            "exhausted" => """ "error":{"code":-32603,"message":"enough for today","data":[{"reason":"RESOURCE_EXHAUSTED"}]} """,
            "twice" => """ "result":{"id":"t-1","status":{"state":"a","state":"b"}} """,
            "nonsense" => """ "result":{"what":"ever"} """,
            "message" => """ "result":{"message":{"messageId":"1","role":"ROLE_AGENT","parts":[{"text":"Just words."}]}} """,
            "forgets" when isLook => """ "error":{"code":-32001,"message":"no such task"} """,
            "fails" when isLook => Task("FAILED", "It broke."),
            _ when isLook => Task("COMPLETED", "All is well."),
            _ => $""" "result":{new JsonObject { ["task"] = TaskOf("WORKING", "") }.ToJsonString()} """,
        };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""{"jsonrpc":"2.0","id":1,{{result}}}""");
    }

    private static string Task(string state, string text) => $""" "result":{TaskOf(state, text).ToJsonString()} """;

    private static JsonObject TaskOf(string state, string text) => new()
    {
        ["id"] = "t-1",
        ["status"] = new JsonObject
        {
            ["state"] = $"TASK_STATE_{state}",
            ["message"] = new JsonObject { ["parts"] = new JsonArray(new JsonObject { ["text"] = text }) },
        },
    };
}
