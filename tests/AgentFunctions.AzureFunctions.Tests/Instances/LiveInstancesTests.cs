using System.Collections.Concurrent;
using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.Instances;

/// <summary>A run that is watched on every instance, while one of them makes the call: all see the same.</summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class LiveInstancesTests
{
    private const string Secret = "tango-uniform-november-7";
    private const string Answer =
        "The first part of the answer, then the second one, and at last the third part of it all, as said by " + Secret + ".";

    private static readonly Caller s_caller = new("test") { Roles = [CallerRoles.Submitter] };

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Watch_CallOnAnotherInstance_ShowsItsTextItsEndAndTheNextAnswer()
    {
        // The model goes on once both watchers have seen it speak; its first answer breaks off, its second one is whole.
        var seen = new SemaphoreSlim(0);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => ChatReply.Say(Answer) with
        {
            AbortAfterChunks = request.Index == 0 ? 5 : null,
            BetweenChunks = Once(4, seen),
        });
        await using InstanceSet set = await InstanceSet.StartAsync(
            2, 17, model, static services => services.AddAgent(Agent.Create("worker").WithModel("test")
                .WithInstructions("Work.")),
            new("Secrets:one", Secret), new("Live:Interval", "00:00:00.05"));
        Run run = await set.CallAsync(instance => instance.Get<AgentGateway>().SubmitAsync(
            new RunRequest { Agent = "worker", Goal = "Speak." }, s_caller, cancellationToken: Cancel));

        Watcher[] watchers = [.. set.All.Select(instance => new Watcher(instance.Get<LiveFeed>(), run.Id))];
        Task watching = Task.WhenAll(watchers.Select(static watcher => watcher.RunAsync(Cancel)));
        await Poll.UntilAsync(() => watchers.All(static watcher => watcher.Text.Length > 0), Cancel);
        seen.Release();
        await Poll.UntilAsync(() => watchers.All(static watcher => watcher.Resets.Contains("cutOff") && watcher.Text.Length > 0),
            Cancel);
        Assert.That(watchers.Select(static watcher => watcher.Recorded), Is.All.Null, "both see it before it is recorded");
        seen.Release();
        await watching;

        string recorded = set.All[0].Get<Redactor>().Redact(Answer)!;
        foreach (Watcher watcher in watchers)
        {
            Assert.That(watcher.Resets, Is.EqualTo(new[] { "cutOff" }));
            Assert.That(recorded, Does.StartWith(watcher.Live), "nothing twice, nothing of the first attempt");
            Assert.That(watcher.Live, Is.Not.Empty);
            Assert.That(watcher.Recorded, Is.EqualTo(recorded));
            Assert.That(watcher.Deliveries.Distinct().Count(), Is.EqualTo(2));
        }

        Assert.That(watchers[0].Deliveries.Distinct(), Is.EqualTo(watchers[1].Deliveries.Distinct()));
        await NothingIsKeptAsync(set.All[0], run.Id);
    }

    /// <summary>Waits once, in the middle of an answer.</summary>
    private static Func<CancellationToken, Task> Once(int chunk, SemaphoreSlim gate)
    {
        int count = 0;
        return cancellationToken => ++count == chunk ? gate.WaitAsync(cancellationToken) : Task.CompletedTask;
    }

    private static async Task NothingIsKeptAsync(Instance instance, string runId)
    {
        var records = instance.Get<IRecordStore>();
        StoredRecord frame = await Poll.ForAsync(
            async () => (await records.GetAsync($"live/{runId}", Cancel))!,
            static record => Encoding.UTF8.GetString(record.Value.Span).Contains("Completed", StringComparison.Ordinal), Cancel);
        Assert.That(Encoding.UTF8.GetString(frame.Value.Span), Does.Not.Contain("part of"));
    }

    /// <summary>What one who holds to the rules of a live stream has on the screen.</summary>
    private sealed class Watcher(LiveFeed feed, string runId)
    {
        public string Text { get; private set; } = "";

        public string Live { get; private set; } = "";

        public string? Recorded { get; private set; }

        public ConcurrentQueue<string> Resets { get; } = [];

        public ConcurrentQueue<string> Deliveries { get; } = [];

        public Task RunAsync(CancellationToken cancellationToken) => Task.Run(
            async () =>
            {
                await foreach (RunSignal signal in feed.FollowAsync(runId, cancellationToken: cancellationToken))
                {
                    Take(signal);
                }
            },
            cancellationToken);

        private void Take(RunSignal signal)
        {
            switch (signal)
            {
                case ModelStarted started:
                    Text = "";
                    Deliveries.Enqueue(started.Delivery);
                    break;
                case ModelSnapshot snapshot:
                    Text = snapshot.Text;
                    break;
                case ModelDelta { Channel: ModelChannel.Text } delta:
                    Assert.That(delta.At, Is.EqualTo(Text.Length), "no gap and nothing twice");
                    Text += delta.Text;
                    break;
                case ModelReset reset:
                    Text = "";
                    Resets.Enqueue(reset.Reason);
                    break;
                case JournalSignal { Event: { Type: JournalEventTypes.ModelCompleted } e }:
                    (Live, Text, Recorded) = (Text, "", e.Text);
                    break;
            }

            Assert.That(Text, Does.Not.Contain("tango"));
        }
    }
}
