using System.Net.ServerSentEvents;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>What a live stream says of the tree of a run, and of its own end.</summary>
[CancelAfter(300_000)]
internal sealed class LiveTreeTests
{
    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task TreePatch_OfARunWithSubAgents_TellsOfEachUntilItsEnd()
    {
        using var seenByClient = new SemaphoreSlim(0);
        await using ApiHost host = await ApiHost.StartAsync(
            request => (request.Messages[1].GetProperty("content").ToString().Contains("Lead", StringComparison.Ordinal),
                request.Turn) switch
            {
                (true, 0) => ChatReply.Call("spawn", new { items = new[] { "one", "two" }, template = "Look at {item}" }),
                (true, 1) => ChatReply.Call("wait", new { }),
                (false, 0) => ChatReply.Say("looked") with { Before = seenByClient.WaitAsync },
                _ => ChatReply.Say("done"),
            },
            configure: static builder => builder.Services.AddAgent(
                Agent.Create("lead").WithInstructions("Lead.").WithDelegation(Delegation.Native)));
        string id = await host.SubmitAsync(new { agent = "lead", goal = "Lead." });
        var tree = new Dictionary<string, JsonElement>();
        int rev = 0;
        await foreach (SseItem<string> item in FollowAsync(host, id))
        {
            if (item.EventType != "tree.patch")
            {
                continue;
            }

            JsonElement patch = JsonElement.Parse(item.Data);
            Assert.That(patch.GetProperty("rev").GetInt32(), Is.EqualTo(++rev));
            foreach (JsonElement node in patch.GetProperty("nodes").EnumerateArray())
            {
                tree[node.GetProperty("id").GetString()!] = node;
            }

            if (tree.Count == 3 && seenByClient.CurrentCount == 0
                && tree.Values.Any(static node => StatusOf(node) != "completed"))
            {
                seenByClient.Release(2);
            }
        }

        Assert.That(tree.Keys, Has.Member(id).And.Exactly(3).Items);
        Assert.That(tree.Values.Select(StatusOf), Is.All.EqualTo("completed"), "the last patch comes before the stream ends");
        Assert.That(tree.Values.Where(node => node.GetProperty("id").GetString() != id)
            .Select(static node => node.GetProperty("parent").GetString()), Is.All.EqualTo(id));
        Assert.That(tree[id].GetProperty("branch").GetProperty("steps").GetInt32(),
            Is.GreaterThanOrEqualTo(tree[id].GetProperty("own").GetProperty("steps").GetInt32()));
    }

    [Test]
    public async Task StreamEnds_WhenTheHostStops_SaysSoAndWhenToComeBack()
    {
        await using ApiHost host =
            await ApiHost.StartAsync(static _ => ChatReply.Say("never") with { Before = static token => Task.Delay(Timeout.Infinite, token) });
        string id = await host.SubmitAsync(new { goal = "x" });
        List<SseItem<string>> items = [];
        await foreach (SseItem<string> item in FollowAsync(host, id))
        {
            items.Add(item);
            if (item.EventType == "model.started")
            {
                host.Get<IHostApplicationLifetime>().StopApplication();
            }
        }

        Assert.That(items[^1].EventType, Is.EqualTo("stream.ends"));
        Assert.That(items[^1].Data, Is.EqualTo("""{"reason":"stopping","retryMs":1000}"""));
        Assert.That(items[^1].ReconnectionInterval, Is.EqualTo(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public async Task StreamEnds_WhileAnEventIsBeingWritten_IsSaidAfterTheWholeEvent()
    {
        var time = new VirtualTime(DateTimeOffset.UtcNow);
        var writes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ApiHost host = await ApiHost.StartAsync(
            static _ => ChatReply.Say("never") with { Before = static token => Task.Delay(Timeout.Infinite, token) },
            map: app => app.Use((http, next) =>
            {
                // A client that reads slowly, and a farewell that takes no time meanwhile.
                http.RequestServices = new ServicesAt(http.RequestServices, time);
                IHttpResponseBodyFeature body = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
                http.Features.Set<IHttpResponseBodyFeature>(
                    new StreamResponseBodyFeature(new SlowStream(body.Stream, "model.started", writes, goOn.Task), body));
                return next(http);
            }));
        string id = await host.SubmitAsync(new { goal = "x" });
        Task<List<SseItem<string>>> followed = FollowAsync(host, id).ToListAsync(Token).AsTask();

        await writes.Task.WaitAsync(Token);
        host.Get<IHostApplicationLifetime>().StopApplication();
        goOn.SetResult();

        string[] told = [.. (await followed).Select(static item => item.EventType)];
        Assert.That(told, Has.Member("model.started"));
        Assert.That(told[^1], Is.EqualTo("stream.ends"));
    }

    [Test]
    public async Task StreamEnds_OfARunThatHasEnded_SaysThatThereIsNoMore()
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        string id = await host.SubmitAsync(new { goal = "x" });
        List<SseItem<string>> items = [];
        await foreach (SseItem<string> item in FollowAsync(host, id))
        {
            items.Add(item);
        }

        Assert.That(items[^1].Data, Is.EqualTo("""{"reason":"runEnded","retryMs":1000}"""));
        SseItem<string> state = items.Last(static item => item.EventType == "run.state");
        Assert.That(JsonElement.Parse(state.Data).GetProperty("status").GetString(), Is.EqualTo("completed"),
            "the last state is told before the stream ends");
    }

    private static string? StatusOf(JsonElement node) => node.GetProperty("status").GetString();

    private static async IAsyncEnumerable<SseItem<string>> FollowAsync(ApiHost host, string id)
    {
        await using Stream stream =
            await host.Client.GetStreamAsync(new Uri($"/api/runs/{id}/events?live=true", UriKind.Relative), Token);
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(Token))
        {
            yield return item;
        }
    }

    /// <summary>The services of a request, by another clock.</summary>
    private sealed class ServicesAt(IServiceProvider services, TimeProvider time) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(TimeProvider) ? time : services.GetService(serviceType);
    }

    /// <summary>A stream that writes what has some words only when it may, or not at all if its writer gives up before.</summary>
    private sealed class SlowStream(Stream inner, string words, TaskCompletionSource writes, Task goOn) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (System.Text.Encoding.UTF8.GetString(buffer.Span).Contains(words, StringComparison.Ordinal))
            {
                writes.TrySetResult();
                await goOn.WaitAsync(cancellationToken);
            }

            await inner.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
