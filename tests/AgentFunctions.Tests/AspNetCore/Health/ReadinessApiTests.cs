using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentFunctions.Diagnostics;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.AspNetCore.Health;

/// <summary><c>GET /health/ready</c>: a disk that is full or a clock that is wrong is told.</summary>
internal sealed class ReadinessApiTests
{
    [TestCase(ReadinessStatus.Failed, HttpStatusCode.ServiceUnavailable, null)]
    [TestCase(ReadinessStatus.Degraded, HttpStatusCode.OK, "degraded")]
    [TestCase(ReadinessStatus.Ok, HttpStatusCode.OK, "ok")]
    public async Task Ready_ByTheRoomOnDisk_Answers(ReadinessStatus room, HttpStatusCode status, string? said)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"), configure: builder =>
            builder.Services.AddSingleton<IReadinessCheck>(new Disk(room)));

        (HttpStatusCode answered, JsonElement body) = await ReadyAsync(host);

        Assert.That(answered, Is.EqualTo(status));
        Assert.That(body.GetRawText(), Does.Contain("Make room."));
        Assert.That(body.TryGetProperty("checks", out _) ? body.GetProperty("status").GetString() : null, Is.EqualTo(said));
    }

    [Test]
    public async Task Ready_TheDataFileCannotBeWritten_Is503WithTheReason()
    {
        var broken = new Broken();
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"),
            configure: builder => broken.Wrap(builder.Services));
        Assert.That((await ReadyAsync(host)).Status, Is.EqualTo(HttpStatusCode.OK));

        broken.IsFull = true;
        (HttpStatusCode status, JsonElement body) = await ReadyAgainAsync(host, HttpStatusCode.ServiceUnavailable);

        Assert.That(status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(body.GetProperty("detail").GetString(), Does.Contain("store: The disk is full."));

        broken.IsFull = false;
        Assert.That((await ReadyAgainAsync(host, HttpStatusCode.OK)).Status, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Ready_ClockWasSetBack_IsDegradedAndSaysBothTimes()
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        DateTimeOffset later = DateTimeOffset.UtcNow.AddDays(2);
        await host.Get<IRecordStore>().PutAsync("readiness/clock", Encoding.UTF8.GetBytes($"{later:O}"));

        (HttpStatusCode status, JsonElement body) = await ReadyAgainAsync(host, HttpStatusCode.OK, "degraded");

        Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(body.GetProperty("status").GetString(), Is.EqualTo("degraded"));
        JsonElement clock = body.GetProperty("checks").EnumerateArray()
            .Single(static check => check.GetProperty("name").GetString() == "clock");
        Assert.That(clock.GetProperty("message").GetString(), Does.Contain($"said {later:u} before").And.Contain("set it"));
    }

    [Test]
    public async Task Ready_ClockOfLastCentury_Is503()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            static _ => ChatReply.Say("done"),
            configure: static builder => builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UnixEpoch)));

        (HttpStatusCode status, JsonElement body) = await ReadyAsync(host);

        Assert.That(status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(body.GetProperty("detail").GetString(), Does.Contain("clock: The clock says 1970-01-01"));
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> ReadyAsync(ApiHost host)
    {
        using HttpResponseMessage response = await host.Client.GetAsync("/health/ready");
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>Asks until the answer, which is kept for a while, is a new one.</summary>
    private static Task<(HttpStatusCode Status, JsonElement Body)> ReadyAgainAsync(ApiHost host, HttpStatusCode status,
        string? said = null) => Poll.ForAsync(
        () => ReadyAsync(host),
        now => now.Status == status
            && (said is null || (now.Body.TryGetProperty("status", out JsonElement text) && text.GetString() == said)));

    private sealed class Disk(ReadinessStatus status) : IReadinessCheck
    {
        public Task<IReadOnlyList<ReadinessItem>> CheckAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ReadinessItem>>([new ReadinessItem("disk", status, "1.0 MiB left. Make room.")]);
    }

    private sealed class Broken
    {
        private volatile bool _isFull;

        public bool IsFull
        {
            get => _isFull;
            set => _isFull = value;
        }

        public void Wrap(IServiceCollection services) => services.AddSingleton<IRecordStore>(
            provider => new Records(provider.GetRequiredService<SqliteEngine>().Records, this));

        private sealed class Records(IRecordStore inner, Broken state) : IRecordStore
        {
            public bool IsShared => inner.IsShared;

            public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default) =>
                inner.GetAsync(key, cancellationToken);

            public Task<string> PutAsync(
                string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
                CancellationToken cancellationToken = default) =>
                state.IsFull
                    ? throw new AgentException(ErrorCode.EngineUnavailable, "The disk is full.")
                    : inner.PutAsync(key, value, condition, cancellationToken);

            public Task DeleteAsync(string key, RecordCondition condition = default,
                CancellationToken cancellationToken = default) =>
                inner.DeleteAsync(key, condition, cancellationToken);

            public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after = null,
                CancellationToken cancellationToken = default) =>
                inner.ListAsync(prefix, after, cancellationToken);
        }
    }
}
