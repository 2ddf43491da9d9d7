using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using AgentFunctions.AspNetCore;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Live;
using AgentFunctions.Records;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>The event stream with <c>live=true</c>: what a model says before it is recorded.</summary>
[CancelAfter(300_000)]
internal sealed class LiveStreamTests
{
    private const string Answer = "The first part of the answer, then the second one, and at last the third part of it all.";

    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Live_WhileTheModelSpeaks_ShowsTheTextBeforeItIsRecorded()
    {
        var gate = new SemaphoreSlim(3);
        await using ApiHost host =
            await ApiHost.StartAsync(_ => ChatReply.Say(Answer) with { Reasoning = "Hm.", BetweenChunks = gate.WaitAsync });
        string id = await host.SubmitAsync(new { goal = "x" });
        var seen = new LiveClient();
        await foreach (SseItem<string> item in FollowAsync(host, id))
        {
            seen.Take(item);
            if (seen.Text.Length > 0 && gate.CurrentCount == 0)
            {
                Assert.That(seen.Types, Does.Not.Contain("model.completed"));
                Assert.That(Answer.StartsWith(seen.Text, StringComparison.Ordinal), Is.True);
                gate.Release(1_000);
            }
        }

        Assert.That(seen.Recorded, Is.EqualTo(Answer));
        Assert.That(Answer.StartsWith(seen.Live, StringComparison.Ordinal), Is.True);
        Assert.That(seen.Reasoning, Is.EqualTo("Hm."));
        Assert.That(seen.Types.Where(static type => type == "model.started"), Has.Exactly(1).Items);
        Assert.That(seen.Types, Does.Contain("run.state"));
        Assert.That(seen.Types[^1], Is.EqualTo("stream.ends"));
        Assert.That(seen.Positions, Is.EqualTo(Enumerable.Range(0, seen.Positions.Count)),
            "only events of the journal have an id, and each comes once");
    }

    [Test]
    public async Task Events_WithoutLive_AreByteForByteWhatTheyWere()
    {
        await using ApiHost host = await ApiHost.StartAsync(_ => ChatReply.Say(Answer),
            configure: static builder => builder.Services.Configure<ApiOptions>(
            static options => options.StreamLifetime = TimeSpan.FromHours(1)));
        string id = await host.SubmitAsync(new { goal = "x" });
        await using Stream live = await host.Client.GetStreamAsync(new Uri($"/api/runs/{id}/events?live=true", UriKind.Relative),
            Token);
        string stream = await host.Client.GetStringAsync(new Uri($"/api/runs/{id}/events", UriKind.Relative), Token);

        JsonElement[] events =
            (await host.Client.GetFromJsonAsync<JsonElement[]>(new Uri($"/api/runs/{id}/events?follow=false", UriKind.Relative),
                Token))!;
        var expected = new StringBuilder("retry: 1000\n\n");
        foreach (JsonElement e in events)
        {
            expected.Append($"id: {e.GetProperty("position")}\nevent: {e.GetProperty("type")}\ndata: {e.GetRawText()}\n\n");
        }

        Assert.That(stream, Is.EqualTo(expected.ToString()));
    }

    [Test]
    public async Task Live_WhenTheAnswerIsCutOff_ResetsAndShowsTheNextOneOnce()
    {
        var gate = new SemaphoreSlim(3);
        var store = new WatchedStore();
        await using ApiHost host = await ApiHost.StartAsync(
            request => ChatReply.Say(Answer) with
            {
                AbortAfterChunks = request.Index == 0 ? 5 : null,
                BetweenChunks = request.Index == 0 ? gate.WaitAsync : store.ShownAsync,
            },
            configure: store.AddTo);
        string id = await host.SubmitAsync(new { goal = "x" });
        var seen = new LiveClient();
        await foreach (SseItem<string> item in FollowAsync(host, id))
        {
            seen.Take(item);
            if (seen.Text.Length > 0 && gate.CurrentCount == 0)
            {
                gate.Release(1_000);
            }
        }

        int shown = seen.Types.FindIndex(static type => type is "model.delta" or "model.snapshot");
        Assert.That(seen.Types.IndexOf("model.reset"), Is.GreaterThan(shown));
        Assert.That(seen.Resets, Is.EqualTo(new[] { "cutOff" }));
        Assert.That(seen.Types.Where(static type => type == "model.started"), Has.Exactly(2).Items);
        Assert.That(seen.Recorded, Is.EqualTo(Answer));
        Assert.That(Answer.StartsWith(seen.Live, StringComparison.Ordinal), Is.True,
            "what was shown after the reset is the second attempt alone");
    }

    [Test]
    public async Task Live_AfterAReconnect_BeginsWithWhatWasSaidSoFar()
    {
        var gate = new SemaphoreSlim(3);
        await using ApiHost host = await ApiHost.StartAsync(_ => ChatReply.Say(Answer) with { BetweenChunks = gate.WaitAsync });
        string id = await host.SubmitAsync(new { goal = "x" });
        var first = new LiveClient();
        await foreach (SseItem<string> item in FollowAsync(host, id))
        {
            first.Take(item);
            if (first.Text.Length > 0)
            {
                break;
            }
        }

        var seen = new LiveClient();
        await foreach (SseItem<string> item in FollowAsync(host, id, first.Positions[^1]))
        {
            seen.Take(item);
            if (item.EventType == "model.snapshot")
            {
                Assert.That(seen.Text, Does.StartWith(first.Text));
                Assert.That(seen.Types.Where(static type => type != "run.state"),
                    Is.EqualTo(new[] { "model.reset", "model.started", "model.snapshot" }));
                gate.Release(1_000);
            }
        }

        Assert.That(seen.Positions, Is.EqualTo(Enumerable.Range(first.Positions[^1] + 1, seen.Positions.Count)));
        Assert.That(Answer.StartsWith(seen.Live, StringComparison.Ordinal), Is.True);
        Assert.That(seen.Recorded, Is.EqualTo(Answer));
    }

    [Test]
    public async Task Live_WithASecretSplitOverPieces_NeverShowsAPartOfIt()
    {
        const string Secret = "tango-uniform-november-7";
        string answer = $"It is {Secret}{Uri.EscapeDataString(Secret)} and {Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret))}, sk-abcdefghijklmnopqrstuvwxyz0123456789 too. Done.";
        var store = new WatchedStore();
        await using ApiHost host = await ApiHost.StartAsync(
            _ => ChatReply.Say(answer) with { BetweenChunks = store.ShownAsync },
            configure: builder =>
            {
                store.AddTo(builder);
                builder.Configuration.AddInMemoryCollection([new("Secrets:one", Secret)]);
            });
        string id = await host.SubmitAsync(new { goal = "x" });
        string stream = await host.Client.GetStringAsync(new Uri($"/api/runs/{id}/events?live=true", UriKind.Relative), Token);

        Assert.That(stream, Does.Contain("model.delta").And.Not.Contain("tango").And.Not.Contain("abcdefghij").And.Not.Contain("dGFuZ28"));
        var seen = new LiveClient();
        await foreach (SseItem<string> item in SseParser.Create(new MemoryStream(Encoding.UTF8.GetBytes(stream)))
            .EnumerateAsync(Token))
        {
            seen.Take(item);
        }

        Assert.That(host.Get<Redactor>().Redact(answer), Does.StartWith(seen.Live));
    }

    [Test]
    public async Task Live_WhenAToolIsAskedFor_ShowsItsArgumentsAsTheyCome()
    {
        string text = string.Concat(Enumerable.Repeat("a long argument ", 8));
        AgentTool take = AgentTool.Create("take", "Takes.", ToolEffect.None,
            (string text) => text.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var store = new WatchedStore();
        await using ApiHost host = await ApiHost.StartAsync(
            request => (request.Turn == 0
                ? ChatReply.Call("take", new { text })
                : ChatReply.Say("done")) with
            { BetweenChunks = store.ShownAsync },
            [take], store.AddTo);
        string id = await host.SubmitAsync(new { goal = "x" });
        var seen = new LiveClient();
        await foreach (SseItem<string> item in FollowAsync(host, id))
        {
            seen.Take(item);
        }

        Assert.That(JsonSerializer.Serialize(new { text }), Does.StartWith(seen.Arguments));
        Assert.That(seen.Arguments, Has.Length.GreaterThan(20));
        Assert.That(seen.Tools, Is.EqualTo(new[] { "take" }));
        Assert.That(seen.Types, Does.Contain("tool.completed"), "the call was made with its arguments all the same");
        Assert.That(seen.Recorded, Is.EqualTo("done"));
    }

    [Test]
    public async Task Live_WhileAToolIsAtWork_ShowsHowFarItIs()
    {
        var seenByClient = new TaskCompletionSource();
        AgentTool copy = AgentTool.Create("copy", "Copies.", ToolEffect.None,
            async (ToolContext context, CancellationToken cancellationToken) =>
        {
            context.Progress.Report("3 of 9");
            await seenByClient.Task.WaitAsync(cancellationToken);
            return "copied";
        });
        await using ApiHost host = await ApiHost.StartAsync(
            static request => request.Turn == 0 ? ChatReply.Call("copy", new { }) : ChatReply.Say("done"), [copy]);
        string id = await host.SubmitAsync(new { goal = "x" });
        var seen = new LiveClient();
        await foreach (SseItem<string> item in FollowAsync(host, id))
        {
            seen.Take(item);
            if (item.EventType == "tool.progress")
            {
                Assert.That(item.Data, Is.EqualTo("""{"turn":1,"call":0,"tool":"copy","text":"3 of 9"}"""));
                seenByClient.TrySetResult();
            }
        }

        Assert.That(seen.Types, Does.Contain("tool.progress"));
        Assert.That(seen.Recorded, Is.EqualTo("done"));
    }

    [Test]
    public async Task Live_AtTheEndOfItsLife_SaysSoAndGoesOnWithoutLoss()
    {
        var gate = new SemaphoreSlim(3);
        await using ApiHost host = await ApiHost.StartAsync(
            _ => ChatReply.Say(Answer) with { BetweenChunks = gate.WaitAsync },
            configure: static builder => builder.Services.Configure<ApiOptions>(static options => options.StreamLifetime =
                TimeSpan.FromSeconds(1)));
        string id = await host.SubmitAsync(new { goal = "x" });
        var seen = new LiveClient();
        do
        {
            await foreach (SseItem<string> item in FollowAsync(host, id, seen.Positions.Count == 0 ? null : seen.Positions[^1]))
            {
                seen.Take(item);
                if (item.EventType == "stream.ends" && item.Data.Contains("lifetime", StringComparison.Ordinal))
                {
                    Assert.That(item.ReconnectionInterval, Is.EqualTo(TimeSpan.FromSeconds(1)));
                    host.Get<IOptions<ApiOptions>>().Value.StreamLifetime = null;
                    gate.Release(1_000);
                }
            }
        }
        while (!seen.Types.Contains("run.ended"));

        Assert.That(seen.Types.Where(static type => type == "stream.ends"), Has.Exactly(2).Items);
        Assert.That(seen.Positions, Is.EqualTo(Enumerable.Range(0, seen.Positions.Count)));
        Assert.That(seen.Recorded, Is.EqualTo(Answer));
    }

    [Test]
    public async Task Journal_OfAWatchedRun_HasNothingOfTheLiveText()
    {
        var store = new WatchedStore();
        await using ApiHost host = await ApiHost.StartAsync(_ => ChatReply.Say(Answer) with { BetweenChunks = store.ShownAsync },
            configure: store.AddTo);
        string id = await host.SubmitAsync(new { goal = "x" });
        await host.Client.GetStringAsync(new Uri($"/api/runs/{id}/events?live=true", UriKind.Relative), Token);
        await host.Get<RunReader>().WaitForEndAsync(id);

        List<string> types = [];
        await foreach ((_, JournalEvent e) in host.Get<Journal>().ReadAsync(id))
        {
            types.Add(e.Type);
        }

        Assert.That(types, Is.EqualTo(new[] { "run.submitted", "model.completed", "run.ended" }));
    }

    [Test]
    public async Task Live_WhereItIsTurnedOff_ShowsEventsAndStatesAlone()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            _ => ChatReply.Say(Answer),
            configure: static builder => builder.Configuration.AddInMemoryCollection([new("Live:Enabled", "false")]));
        string id = await host.SubmitAsync(new { goal = "x" });
        string stream = await host.Client.GetStringAsync(new Uri($"/api/runs/{id}/events?live=true", UriKind.Relative), Token);

        Assert.That(stream, Does.Contain("event: run.ended").And.Contain("event: run.state").And.Not.Contain("model.started"));
    }

    [Test]
    public async Task Live_WhileTheStateCannotBeRead_GoesOnAndTellsItLater()
    {
        var gate = new SemaphoreSlim(3);
        var records = new FailingRecords();
        await using ApiHost host = await ApiHost.StartAsync(
            _ => ChatReply.Say(Answer) with { BetweenChunks = gate.WaitAsync }, configure: records.AddTo);
        string id = await host.SubmitAsync(new { goal = "x" });
        var seen = new LiveClient();
        await foreach (SseItem<string> item in FollowAsync(host, id))
        {
            seen.Take(item);
            if (records.Failures == 0 && gate.CurrentCount == 0)
            {
                records.IsDown = true;
                await Poll.UntilAsync(() => records.Failures > 0, Token);
                gate.Release(1_000);
            }
        }

        Assert.That(seen.Recorded, Is.EqualTo(Answer));
        Assert.That(seen.Types, Does.Contain("run.ended"));
        Assert.That(seen.Types[^1], Is.EqualTo("stream.ends"));
    }

    private static async IAsyncEnumerable<SseItem<string>> FollowAsync(ApiHost host, string id, int? last = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{id}/events?live=true");
        if (last is { } position)
        {
            request.Headers.Add("Last-Event-ID", position.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        using HttpResponseMessage response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
            Token);
        response.EnsureSuccessStatusCode();
        await using Stream stream = await response.Content.ReadAsStreamAsync(Token);
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(Token))
        {
            yield return item;
        }
    }

    /// <summary>Frames in memory, and word of them: so a model can speak no faster than it is watched.</summary>
    private sealed class WatchedStore : ILiveStore
    {
        private readonly MemoryLiveStore _frames = new();
        private TaskCompletionSource _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void AddTo(WebApplicationBuilder builder)
        {
            builder.Configuration.AddInMemoryCollection([new("Live:Interval", "00:00:00.01")]);
            builder.Services.AddSingleton<ILiveStore>(this);
        }

        /// <summary>
        /// Waits until somebody has been shown all that came before: the frame that is being made may lack the last of it.
        /// </summary>
        public async Task ShownAsync(CancellationToken cancellationToken)
        {
            await _shown.Task.WaitAsync(cancellationToken);
            await _shown.Task.WaitAsync(cancellationToken);
        }

        public bool Publish(LiveFrame frame)
        {
            bool isFollowed = _frames.Publish(frame);
            if (isFollowed)
            {
                Interlocked.Exchange(ref _shown, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            }

            return isFollowed;
        }

        public IAsyncEnumerable<LiveFrame> FollowAsync(string runId, CancellationToken cancellationToken = default) =>
            _frames.FollowAsync(runId, cancellationToken);

        public Task WantedAsync(string runId, CancellationToken cancellationToken = default) =>
            _frames.WantedAsync(runId, cancellationToken);
    }
}
