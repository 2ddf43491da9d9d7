using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentFunctions.Gateway;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>
/// A run of another caller does not exist, by the HTTP API and by each door: whatever is asked of it is answered as of an id that
/// nobody has.
/// </summary>
[CancelAfter(300_000)]
internal sealed partial class DoorForeignersTests
{
    private const string NobodysId = "01JZZZZZZZZZZZZZZZZZZZZZZZ";

    private static readonly string[] OddIds = ["0", "..", "run", "01JZZZZZZZZZZZZZZZZZZZZZZZ.1-0", "%00", new('x', 600)];

    private ApiHost _host = null!;
    private string _ben = null!;
    private string _id = null!;

    /// <summary>What is asked of a run: method, address and body; MCP's method and parameters.</summary>
    private static IEnumerable<TestCaseData> Requests =>
    [
        Of("GET", "api/runs/ID"), Of("GET", "api/runs/ID/events"), Of("GET", "api/runs/ID/transcript"),
        Of("GET", "api/runs/ID/artifacts"), Of("POST", "api/runs/ID/cancel", "{}"), Of("POST", "api/runs/ID/pause", "{}"),
        Of("POST", "api/runs/ID/messages", """{"text":"x"}"""), Of("POST", "api/runs/ID/budget", """{"steps":1}"""),
        Of("GET", "v1/responses/resp_ID"), Of("GET", "v1/responses/resp_ID?stream=true"),
        Of("GET", "v1/responses/resp_ID/input_items"), Of("POST", "v1/responses/resp_ID/cancel"),
        Of("DELETE", "v1/responses/resp_ID"), Of("GET", "v1/conversations/conv_ID"), Of("GET", "v1/conversations/conv_ID/items"),
        Of("POST", "v1/responses", """{"model":"worker","input":"More.","previous_response_id":"resp_ID"}"""),
        Of("POST", "v1/responses", """{"model":"worker","input":"More.","conversation":"conv_ID"}"""),
        Of("GET", "a2a/worker/tasks/ID"), Of("POST", "a2a/worker/tasks/ID:cancel", "{}"),
        Of("POST", "a2a/worker/tasks/ID:subscribe", "{}"), Of("GET", "a2a/worker/tasks/ID:subscribe"),
        Of("GET", "a2a/worker/tasks/ID/pushNotificationConfigs"),
        Of("POST", "a2a/worker/tasks/ID/pushNotificationConfigs", """{"id":"c","url":"https://example.com/"}"""),
        Of("POST", "a2a/worker/message:send",
            """{"message":{"messageId":"m","role":"ROLE_USER","taskId":"ID","parts":[{"text":"yes"}]}}"""),
        Of("MCP", "tasks/get", """{"taskId":"ID"}"""), Of("MCP", "tasks/cancel", """{"taskId":"ID"}"""),
        Of("MCP", "tasks/update", """{"taskId":"ID","inputResponses":{}}"""),
        Of("MCP", "tools/call", """{"name":"run_status","arguments":{"id":"ID"}}"""),
        Of("MCP", "tools/call", """{"name":"run_message","arguments":{"id":"ID","text":"x"}}"""),
        Of("MCP", "tools/call", """{"name":"run_answer","arguments":{"id":"ID","question":"q"}}"""),
        Of("MCP", "tools/call", """{"name":"run_cancel","arguments":{"id":"ID"}}"""),
        Of("POST", "agui/worker/connect", """{"threadId":"thread-ID"}"""),
        Of("POST", "agui/worker/cancel", """{"threadId":"thread-ID"}"""),
    ];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await A2AHost.StartAsync(DoorHost.WithKey);
        (string anna, _ben) = await _host.AddCallersAsync(CancellationToken.None);
        JsonElement sent = await _host.SendAsync(
            anna, CancellationToken.None, goal: "Wait.", configuration: new { returnImmediately = true });
        _id = sent.GetProperty("result").GetProperty("task").GetProperty("id").GetString()!;
        using HttpRequestMessage thread = Request("POST", "agui/worker", ThreadOf(_id), anna);
        using HttpResponseMessage begun = await _host.Client.SendAsync(thread);
        Assert.That(begun.IsSuccessStatusCode);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCaseSource(nameof(Requests))]
    public async Task Request_OfARunOfAnother_IsAnsweredAsOfNone(
        string method, string address, string body, CancellationToken cancellationToken)
    {
        (int status, string said) = await AskAsync(method, address, body, _id, cancellationToken);
        (int none, string nothing) = await AskAsync(method, address, body, NobodysId, cancellationToken);

        Assert.That((status, said), Is.EqualTo((none, nothing)));
        Assert.That(said, Does.Not.Contain("Wait."), "what the other has asked for");
        bool isRefused = status is 403 or 404 || said.Contains("-32602", StringComparison.Ordinal)
            || said.Contains("RUN_STARTED", StringComparison.Ordinal);
        Assert.That(isRefused, $"{status} {said}");
    }

    [TestCaseSource(nameof(Requests))]
    public async Task Request_OfAnOddId_IsRefusedAndBreaksNothing(
        string method, string address, string body, CancellationToken cancellationToken)
    {
        foreach (string id in OddIds.Where(id => method is not "GET" || id is not ".."))
        {
            (int status, string said) = await AskAsync(method, address, body, id, cancellationToken);

            Assert.That(status, Is.LessThan(500), $"{id}: {said}");
            Assert.That(said, Does.Not.Contain("Wait."));
        }
    }

    private static TestCaseData Of(string method, string address, string body = "") => new(method, address, body);

    private static string ThreadOf(string id) =>
        $$"""
        {"threadId":"thread-{{id}}","runId":"r","messages":[{"id":"m","role":"user","content":"Answer."}],"tools":[],"context":[]}
        """;

    private async Task<(int Status, string Said)> AskAsync(
        string method, string address, string body, string id, CancellationToken cancellationToken)
    {
        string content = body.Replace("ID", id, StringComparison.Ordinal);
        using HttpRequestMessage request = method == "MCP"
            ? Mcp(address, JsonElement.Parse(content))
            : Request(method, address.Replace("ID", id, StringComparison.Ordinal), content, _ben);
        using HttpResponseMessage response = await _host.Client.SendAsync(request, cancellationToken);
        string said = await response.Content.ReadAsStringAsync(cancellationToken);
        return ((int)response.StatusCode, Traces().Replace(said.Replace(id, "ID", StringComparison.Ordinal), ""));
    }

    private HttpRequestMessage Mcp(string method, JsonElement parameters) => McpMessage.Make(
        method, (parameters.TryGetProperty("name", out JsonElement name) ? name : parameters.GetProperty("taskId")).GetString()!,
        parameters, knowsTasks: true, _ben);

    private static HttpRequestMessage Request(string method, string address, string body, string key)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), address)
        {
            Content = body.Length == 0 ? null : JsonContent.Create(JsonElement.Parse(body)),
        };
        request.Headers.Add("A2A-Version", "1.0");
        request.Headers.Authorization = new("Bearer", key);
        return request;
    }

    /// <summary>What differs from one request to the next.</summary>
    [GeneratedRegex("""("traceId":"[^"]*"|"timestamp":"[^"]*"|"(id|created_at)":\d+)""")]
    private static partial Regex Traces();
}
