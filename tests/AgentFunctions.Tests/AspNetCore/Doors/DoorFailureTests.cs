using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>A stream in which something fails: its client is told if it is the run, and the log if it is the host.</summary>
[CancelAfter(300_000)]
internal sealed class DoorFailureTests
{
    [Test]
    public async Task ChatStream_OfARunThatFails_EndsWithTheError(CancellationToken cancellationToken)
    {
        await using ApiHost host = await DoorHost.StartAsync(static _ => new ChatReply { Refusal = "No." }, []);

        using HttpResponseMessage response = await host.Client.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "worker", stream = true, messages = new[] { new { role = "user", content = "Refuse it." } } },
            cancellationToken);
        string[] told =
        [
            .. (await response.Content.ReadAsStringAsync(cancellationToken)).Split('\n')
                .Where(static line => line.StartsWith("data: ", StringComparison.Ordinal)),
        ];

        Assert.That(told, Has.Length.EqualTo(2));
        JsonElement error = JsonElement.Parse(told[1]["data: ".Length..]).GetProperty("error");
        Assert.That(
            (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()),
            Is.EqualTo(("server_error", "modelRefused")));
        Assert.That(error.GetProperty("message").GetString(), Is.Not.Empty);
    }

    [Test]
    public async Task Stream_ThatCannotBeReadOn_IsBrokenOffAndTheLogSaysWhy(CancellationToken cancellationToken)
    {
        var log = new LogLines();
        var isGone = new TaskCompletionSource();
        await using ApiHost host = await DoorHost.StartAsync(
            request => request.Turn == 0
                ? ChatReply.Call("look", new { }) with { Before = isGone.Task.WaitAsync }
                : ChatReply.Say("Done."),
            [AgentTool.Create("look", "Looks.", ToolEffect.None, static () => "seen")],
            services => services.AddSingleton<ILoggerProvider>(log).AddSingleton<IRecordStore>(provider => new Records(
                provider.GetRequiredService<SqliteEngine>().Records, "exchanges/", isGone.Task, ErrorCode.EngineUnavailable)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses")
        {
            Content = JsonContent.Create(new { model = "worker", input = "Go.", stream = true }),
        };
        using HttpResponseMessage response = await host.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

        Task<string> written = log.NextAsync("POST /v1/responses: its stream was broken off");
        isGone.SetResult();

        Assert.That(
            () => response.Content.ReadAsStringAsync(cancellationToken), Throws.InstanceOf<HttpRequestException>());
        Assert.That(await written, Does.Contain("The disk of the store is gone."));
    }

    /// <summary>
    /// A record that cannot be opened is a fault of the host: what it says of its store is for the log, and no client sent it.
    /// </summary>
    [TestCase("a2a/worker", """{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"ID"}}""", 200)]
    [TestCase(
        "a2a/worker/message:send",
        """{"message":{"messageId":"n","role":"ROLE_USER","taskId":"ID","parts":[{"text":"x"}]}}""", 500)]
    [TestCase("v1/responses/resp_ID", "", 500)]
    [TestCase("MCP", """{"name":"run_status","arguments":{"id":"ID"}}""", 200)]
    public async Task Request_ForWhatTheHostCannotOpen_HidesTheWordsAndWritesThemDown(
        string address, string body, int status, CancellationToken cancellationToken)
    {
        var log = new LogLines();
        var isGone = new TaskCompletionSource();
        await using ApiHost host = await DoorHost.StartAsync(
            static _ => ChatReply.Say("Done."), [],
            services => services.AddSingleton<ILoggerProvider>(log).AddSingleton<IRecordStore>(provider => new Records(
                provider.GetRequiredService<SqliteEngine>().Records, "emptied/", isGone.Task, ErrorCode.NonDeterminism)));
        using HttpResponseMessage made = await host.Client.PostAsJsonAsync(
            "v1/responses", new { model = "worker", input = "Go." }, cancellationToken);
        string id = (await made.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()![5..];
        await host.WaitAsync(id);
        isGone.SetResult();
        string content = body.Replace("ID", id, StringComparison.Ordinal);
        using HttpRequestMessage request = address == "MCP"
            ? McpMessage.Make("tools/call", "run_status", JsonElement.Parse(content))
            : body.Length == 0 ? new HttpRequestMessage(HttpMethod.Get, address.Replace("ID", id, StringComparison.Ordinal))
            : new HttpRequestMessage(HttpMethod.Post, address) { Content = JsonContent.Create(JsonElement.Parse(content)) };
        request.Headers.Add("A2A-Version", "1.0");

        using HttpResponseMessage response = await host.Client.SendAsync(request, cancellationToken);
        string told = await response.Content.ReadAsStringAsync(cancellationToken);

        Assert.That((int)response.StatusCode, Is.EqualTo(status), told);
        Assert.That(told, Does.Not.Contain("The disk").And.Contain("Something went wrong in the host"));
        Assert.That(log.All, Has.Some.Contains("failed unexpectedly").And.Some.Contains("The disk of the store is gone."));
    }

    /// <summary>Records of which some, once something has happened, cannot be read.</summary>
    private sealed class Records(IRecordStore inner, string prefix, Task isGone, ErrorCode code) : IRecordStore
    {
        public bool IsShared => inner.IsShared;

        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default) =>
            isGone.IsCompleted && key.StartsWith(prefix, StringComparison.Ordinal)
                ? throw new AgentException(code, "The disk of the store is gone.")
                : inner.GetAsync(key, cancellationToken);

        public Task<string> PutAsync(
            string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
            CancellationToken cancellationToken = default) => inner.PutAsync(key, value, condition, cancellationToken);

        public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
            inner.DeleteAsync(key, condition, cancellationToken);

        public IAsyncEnumerable<StoredRecord> ListAsync(
            string prefix, string? after = null, CancellationToken cancellationToken = default) =>
            inner.ListAsync(prefix, after, cancellationToken);
    }
}
