using AgentFunctions.Durability;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Monitors;

/// <summary>A monitor that is made under the name of one that was deleted begins with nothing of it.</summary>
[CancelAfter(300_000)]
internal sealed class MadeAgainTests
{
    [Test]
    public async Task Made_AfterADeletionThatACrashCutOff_RemembersNothingOfTheOther()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        bench.IsDown = true;
        await bench.TickAsync();
        MonitorStore store = bench.Host.Get<MonitorStore>();
        IRecordStore records = bench.Host.Get<IRecordStore>();
        (MonitorRecord deleted, _) = (await store.FindAsync("shop", default))!.Value;
        await store.UpdateNotesAsync(deleted, static notes => notes.With(NoteOf("The old agent's."), 10), default);
        await store.UpdateSpendingAsync(deleted, static spending => spending with { Steps = 7 }, default);
        await records.DeleteAsync("monitors/shop");

        (MonitorView made, bool isNew) = await bench.Host.Monitors.PutAsync(MonitorBench.Definition(bench.Server.Url));
        (MonitorRecord record, _) = (await store.FindAsync("shop", default))!.Value;

        Assert.That(isNew);
        Assert.That(made.Totals, Is.EqualTo(new TickTotals()));
        Assert.That(made.OpenIncidents, Is.Empty);
        Assert.That(made.Notes.Items, Is.Empty);
        Assert.That((await store.GetSpendingAsync(record, default)).Steps, Is.Zero);
        await EndAsync(bench, deleted);
        Assert.That(
            (await store.FindMemoryAsync(deleted, default), (await store.GetNotesAsync(deleted, default)).Items.Count,
                (await store.GetSpendingAsync(deleted, default)).Steps),
            Is.EqualTo(((ValueTuple<MonitorMemory, string>?)null, 0, 0)), "what was left goes with its loop");
    }

    [Test]
    public async Task Made_WhileATickOfTheDeletedOneWritesItsMemory_RemembersNothingOfIt()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        MonitorStore store = bench.Host.Get<MonitorStore>();
        // Its loop has made its plans by then, and looks for its record only when it is told.
        await bench.TickAsync();
        (MonitorRecord deleted, _) = (await store.FindAsync("shop", default))!.Value;
        (MonitorMemory memory, string etag) = (await store.FindMemoryAsync(deleted, default))!.Value;
        await bench.Host.Get<IRecordStore>().DeleteAsync("monitors/shop");
        await store.PutMemoryAsync(deleted, memory with { LastRun = "other", Queued = "the old goal" }, etag, default);

        await bench.Host.Monitors.PutAsync(MonitorBench.Definition(bench.Server.Url));
        (MonitorRecord record, _) = (await store.FindAsync("shop", default))!.Value;

        Assert.That(await store.FindMemoryAsync(record, default), Is.Null);
        await EndAsync(bench, deleted);
        Assert.That(await store.FindMemoryAsync(deleted, default), Is.Null);
        bench.Time.AdvanceTo((await bench.Host.Monitors.GetAsync("shop")).NextDue!.Value);
        await bench.UntilAsync(async () => (await bench.Host.Monitors.GetAsync("shop")).Totals.Ran == 1);
    }

    [Test]
    public async Task Note_OfARunThatTheDeletedOneWoke_IsRefused()
    {
        var madeAgain = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MonitorBench bench = await MonitorBench.StartAsync(
            static monitor => monitor with { Agent = "watcher", Goal = "Find the cause." },
            request => request.Turn > 0
                ? ChatReply.Say(request.Results[^1])
                : ChatReply.Call("monitor_memory", new { note = "The old agent's." }) with
                {
                    Before = token => madeAgain.Task.WaitAsync(token),
                });
        bench.IsDown = true;
        await bench.TickAsync();
        await bench.Host.Monitors.DeleteAsync("shop");
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        await bench.Host.Monitors.PutAsync(MonitorBench.Definition(bench.Server.Url));
        madeAgain.SetResult();
        await bench.UntilAsync(async () => (await bench.RunsAsync()).Single().IsEnded);

        Assert.That(bench.Model.Requests[^1].Results[^1], Does.Contain("was deleted"));
        Assert.That((await bench.Host.Monitors.GetAsync("shop")).Notes.Items, Is.Empty);
    }

    /// <summary>Lets the loop of a monitor that is gone look for its record.</summary>
    private static async Task EndAsync(MonitorBench bench, MonitorRecord deleted)
    {
        IOrchestrationClient loops = bench.Host.Get<IOrchestrationClient>();
        string loop = MonitorLoop.InstanceIdOf(deleted);
        await loops.RaiseEventAsync(loop, MonitorEvents.Changed, "changed");
        Assert.That((await loops.WaitForCompletionAsync(loop)).Status, Is.EqualTo(OrchestrationStatus.Completed));
    }

    private static MonitorNote NoteOf(string text) => new("n1", MonitorBench.Start, "run", text);
}
