using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls.Steps;

[CancelAfter(300_000)]
internal sealed class LedgerStepTests
{
    [Test]
    public async Task Run_Finished_GivesTheRecordedOutcomeWithoutTheNextSteps()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        await bench.LeaveAsync(BenchCalls.Started with
        {
            State = LedgerState.Finished,
            Outcome = new ToolOutcome("paid before")
        });
        var next = new FakeNext();

        CallOutcome outcome = await bench.PassAsync<LedgerStep>(new ToolCallState(bench.Input), next);

        Assert.That((next.Calls, ((CallOutcome.Completed)outcome).Outcome.Text), Is.EqualTo((0, "paid before")));
        Assert.That((await bench.JournalAsync()).Single().Type, Is.EqualTo(JournalEventTypes.ToolCompleted),
            "a crash may have come before the journal heard");
    }

    [Test]
    public async Task Run_Completed_RecordsTheOutcome()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        ToolCallState state = await bench.ResolvedAsync();

        await bench.PassAsync<LedgerStep>(state, new FakeNext(FakeNext.Paid with { Took = TimeSpan.FromSeconds(2) }));

        LedgerEntry? entry = await bench.LedgerAsync();
        Assert.That((entry?.State, entry?.Outcome?.Text), Is.EqualTo((LedgerState.Finished, "paid")));
        Assert.That((await bench.JournalAsync()).Single().DurationMs, Is.EqualTo(2_000));
    }

    [Test]
    public async Task Run_AnotherDeliveryWasFirst_ItsOutcomeCounts()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        await bench.LeaveAsync(BenchCalls.Started);
        ToolCallState state = await bench.ResolvedAsync();

        CallOutcome outcome = await bench.PassAsync<LedgerStep>(state, new FakeNext(async (_, _) =>
        {
            await bench.LeaveAsync(BenchCalls.Started with
            {
                State = LedgerState.Finished,
                Outcome = new ToolOutcome("paid by another")
            });
            return FakeNext.Paid;
        }));

        Assert.That(((CallOutcome.Completed)outcome).Outcome.Text, Is.EqualTo("paid by another"));
        Assert.That((await bench.JournalAsync()).Single().Text, Is.EqualTo("paid by another"));
    }

    [TestCase(LedgerState.Waiting, LedgerState.Waiting)]
    [TestCase(LedgerState.Started, null)]
    public async Task Run_Waiting_LeavesTheLedgerAsTheWaitSays(LedgerState left, LedgerState? expected)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        ToolCallState state = await bench.ResolvedAsync();

        await bench.PassAsync<LedgerStep>(
            state, new FakeNext(new CallOutcome.Waiting(new ToolCallWait("job", "pay", "job:1:0", bench.Time.GetUtcNow()),
                left)));

        Assert.That((await bench.LedgerAsync())?.State, Is.EqualTo(expected));
        Assert.That(await bench.JournalAsync(), Is.Empty);
    }
}
