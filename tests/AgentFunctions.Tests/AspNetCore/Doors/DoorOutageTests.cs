using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>A host whose store does not answer: each door says so in its own words, and when to come back.</summary>
[CancelAfter(300_000)]
internal sealed class DoorOutageTests
{
    private readonly Outage _outage = new();
    private ApiHost _host = null!;
    private string _id = null!;

    /// <summary>What needs the store: the form of the refusal, method, address and body; of MCP the tool or method.</summary>
    private static IEnumerable<TestCaseData> Requests =>
    [
        Of(DoorRefusal.Api, "POST", "api/runs", """{"goal":"Answer."}"""), Of(DoorRefusal.Api, "GET", "api/runs/ID"),
        Of(DoorRefusal.OpenAI, "POST", "v1/responses", """{"model":"worker","input":"Answer."}"""),
        Of(DoorRefusal.OpenAI, "POST", "v1/chat/completions",
            """{"model":"worker","messages":[{"role":"user","content":"Answer."}]}"""),
        Of(DoorRefusal.AgUi, "POST", "agui/worker",
            """{"threadId":"t","runId":"r","messages":[{"id":"m","role":"user","content":"x"}],"tools":[],"context":[]}"""),
        Of(DoorRefusal.A2A, "POST", "a2a/worker/message:send", $$"""{"message":{{Message}}}"""),
        Of(DoorRefusal.A2A, "GET", "a2a/worker/tasks/ID"),
        Of(DoorRefusal.A2ARpc, "POST", "a2a/worker",
            $$"""{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{{Message}} } }"""),
        Of(DoorRefusal.A2ARpc, "POST", "a2a/worker", """{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"ID"}}"""),
        Of(DoorRefusal.Mcp, "CALL", "worker", """{"goal":"Answer."}"""),
        Of(DoorRefusal.Mcp, "TASK", "worker", """{"goal":"Answer."}"""),
        Of(DoorRefusal.Mcp, "CALL", "run_status", """{"id":"ID"}"""),
        Of(DoorRefusal.Mcp, "TASKS", "tasks/get", """{"taskId":"ID"}"""),
        Of(DoorRefusal.Mcp, "TASKS", "tasks/update", """{"taskId":"ID","inputResponses":{}}"""),
        Of(DoorRefusal.Mcp, "TASKS", "tasks/cancel", """{"taskId":"ID"}"""),
    ];

    private static string Message => """{"messageId":"m","role":"ROLE_USER","parts":[{"text":"Answer."}]}""";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await DoorHost.StartAsync(static _ => ChatReply.Say("Done."), [], _outage.AddTo);
        _id = await _host.SubmitAsync(new { goal = "Answer." });
        await _host.WaitAsync(_id);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TearDown]
    public void End() => _outage.IsThere = false;

    [TestCaseSource(nameof(Requests))]
    public async Task Request_WhileTheStoreDoesNotAnswer_Is503InTheFormOfTheDoor(
        string form, string method, string address, string body, CancellationToken cancellationToken)
    {
        _outage.IsThere = true;
        using HttpRequestMessage request = Request(method, address, body.Replace("ID", _id, StringComparison.Ordinal));
        using HttpResponseMessage refused = await _host.Client.SendAsync(request, cancellationToken);

        await DoorRefusal.EnsureAsync(form, refused, isCallers: false, "engineUnavailable");
        Assert.That(
            await refused.Content.ReadAsStringAsync(cancellationToken), Does.Not.Contain(Outage.Words),
            "what is wrong with the store is for the host's log");

        _outage.IsThere = false;
        using HttpRequestMessage again = Request(method, address, body.Replace("ID", _id, StringComparison.Ordinal));
        using HttpResponseMessage served = await _host.Client.SendAsync(again, cancellationToken);
        Assert.That(served.IsSuccessStatusCode, await served.Content.ReadAsStringAsync(cancellationToken));
    }

    private static TestCaseData Of(string form, string method, string address, string body = "") =>
        new(form, method, address, body);

    private HttpRequestMessage Request(string method, string address, string body)
    {
        if (method is "CALL" or "TASK")
        {
            return McpMessage.Make(
                "tools/call", address, new { name = address, arguments = JsonElement.Parse(body) }, knowsTasks: method == "TASK");
        }

        if (method == "TASKS")
        {
            return McpMessage.Make(address, _id, JsonElement.Parse(body), knowsTasks: true);
        }

        var request = new HttpRequestMessage(new HttpMethod(method), address.Replace("ID", _id, StringComparison.Ordinal))
        {
            Content = body.Length == 0 ? null : JsonContent.Create(JsonElement.Parse(body)),
        };
        request.Headers.Add("A2A-Version", "1.0");
        return request;
    }

    /// <summary>
    /// Records that cannot be reached while an outage is there, except those of keys: the guard, which stands before the doors,
    /// looks at them every other moment.
    /// </summary>
    private sealed class Outage
    {
        public const string Words = "The disk of the store is gone.";

        private volatile bool _isThere;

        public bool IsThere
        {
            get => _isThere;
            set => _isThere = value;
        }

        public void AddTo(IServiceCollection services) => services.AddSingleton<IRecordStore>(
            provider => new Records(provider.GetRequiredService<SqliteEngine>().Records, this));

        private sealed class Records(IRecordStore inner, Outage outage) : IRecordStore
        {
            public bool IsShared => inner.IsShared;

            public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default) =>
                Reachable(key).GetAsync(key, cancellationToken);

            public Task<string> PutAsync(
                string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
                CancellationToken cancellationToken = default) =>
                Reachable(key).PutAsync(key, value, condition, cancellationToken);

            public Task DeleteAsync(
                string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
                Reachable(key).DeleteAsync(key, condition, cancellationToken);

            public IAsyncEnumerable<StoredRecord> ListAsync(
                string prefix, string? after = null, CancellationToken cancellationToken = default) =>
                Reachable(prefix).ListAsync(prefix, after, cancellationToken);

            private IRecordStore Reachable(string key) =>
                outage.IsThere && !key.StartsWith("api-key", StringComparison.Ordinal)
                    ? throw new AgentException(ErrorCode.EngineUnavailable, Words)
                    : inner;
        }
    }
}
