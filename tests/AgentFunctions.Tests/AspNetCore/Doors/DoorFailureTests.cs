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
            services => services.AddSingleton<ILoggerProvider>(log).AddSingleton<IRecordStore>(
                provider => new Exchanges(provider.GetRequiredService<SqliteEngine>().Records, isGone.Task)));
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

    /// <summary>Records in whose place, once something has happened, no part of a run can be read that answers a request.</summary>
    private sealed class Exchanges(IRecordStore inner, Task isGone) : IRecordStore
    {
        public bool IsShared => inner.IsShared;

        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default) =>
            isGone.IsCompleted && key.StartsWith("exchanges/", StringComparison.Ordinal)
                ? throw new AgentException(ErrorCode.EngineUnavailable, "The disk of the store is gone.")
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
