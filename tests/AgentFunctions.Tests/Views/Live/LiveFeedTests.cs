using System.Threading.Channels;
using AgentFunctions.Durability;
using AgentFunctions.Live;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Views.Live;

/// <summary>What goes on in a run, in the order in which it is told.</summary>
[CancelAfter(300_000)]
internal sealed class LiveFeedTests
{
    [Test]
    public async Task Follow_AnswerAfterOneWhoseRecordIsStillToBeRead_TellsTheRecordFirst(CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource();
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("Done.") with { Before = answer.Task.WaitAsync });
        Run run = await host.SubmitAsync();
        var log = new CountingLog();
        var journal = new Journal(log, TimeProvider.System);
        var frames = new PushedFrames();
        var events = new RunFeed(host.Reader, journal, host.Get<IOrchestrationClient>(), TimeProvider.System);
        var feed = new LiveFeed(events, journal, host.Get<LiveStates>(), frames, Options.Create(new LiveOptions()),
            TimeProvider.System);
        await journal.AppendAsync(run.Id, new JournalEvent(JournalEventTypes.RunSubmitted, DateTimeOffset.UnixEpoch),
            cancellationToken);
        await using IAsyncEnumerator<RunSignal> told = feed.FollowAsync(run.Id, cancellationToken: cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        Assert.That(await NextAsync(told), Is.EqualTo(JournalEventTypes.RunSubmitted));

        var read = new TaskCompletionSource();
        (log.Reading, log.LengthAsked) = (read.Task, () => read.TrySetResult());
        await journal.AppendAsync(
            run.Id, new JournalEvent(JournalEventTypes.ModelCompleted, DateTimeOffset.UnixEpoch) { Turn = 1 },
            cancellationToken);
        frames.Push(run.Id, 2, "It");

        Assert.That(await NextAsync(told), Is.EqualTo(JournalEventTypes.ModelCompleted));
        Assert.That(await NextAsync(told), Is.EqualTo(nameof(ModelStarted)));
        answer.SetResult();
    }

    /// <summary>What is told next of events and of answers.</summary>
    private static async Task<string> NextAsync(IAsyncEnumerator<RunSignal> told)
    {
        while (await told.MoveNextAsync())
        {
            if (told.Current is JournalSignal signal)
            {
                return signal.Event.Type;
            }

            if (told.Current is ModelStarted)
            {
                return nameof(ModelStarted);
            }
        }

        return "the end";
    }

    private sealed class PushedFrames : ILiveStore
    {
        private readonly Channel<LiveFrame> _frames = Channel.CreateUnbounded<LiveFrame>();

        public void Push(string run, int turn, string text) => _frames.Writer.TryWrite(new LiveFrame
        {
            RunId = run,
            Turn = turn,
            Answer = new LiveAnswer
            {
                Delivery = $"{turn}",
                StartedAt = DateTimeOffset.UnixEpoch,
                Model = "m",
                Text = new LiveSpan(0, text),
            },
        });

        public bool Publish(LiveFrame frame) => true;

        public IAsyncEnumerable<LiveFrame> FollowAsync(string runId, CancellationToken cancellationToken = default) =>
            _frames.Reader.ReadAllAsync(cancellationToken);

        public Task WantedAsync(string runId, CancellationToken cancellationToken = default) => Task.CompletedTask;
    }
}
