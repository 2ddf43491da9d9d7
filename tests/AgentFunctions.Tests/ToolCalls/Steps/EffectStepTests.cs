using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Snapshots;
using AgentFunctions.Storage;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls.Steps;

/// <summary>The steps around the effect: begin, in flight, invoke.</summary>
[CancelAfter(300_000)]
internal sealed class EffectStepTests
{
    [TestCase(ToolEffect.None, null)]
    [TestCase(ToolEffect.Idempotent, LedgerState.Started)]
    public async Task Begin_Before_EntersWhatHasEffects(ToolEffect effect, LedgerState? expected)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(null, effect);
        ToolCallState state = await bench.AllowedAsync();
        LedgerEntry? entered = null;

        await bench.PassAsync<BeginStep>(state, new FakeNext(async (_, _) =>
        {
            entered = await bench.LedgerAsync();
            return FakeNext.Paid;
        }));

        Assert.That((entered?.State, state.Entry!.IsOwner), Is.EqualTo((expected, expected is not null)));
        // Where nothing else is to be written before the call, its start waits for its end.
        Assert.That((await bench.JournalAsync()).Count, Is.EqualTo(expected is null ? 0 : 1));
        bench.Time.Advance(HeldEvents.Longest);
        await state.Told;
        Assert.That((await bench.JournalAsync()).Single().Type, Is.EqualTo(JournalEventTypes.ToolStarted));
    }

    [Test]
    public async Task Begin_CallThatGoesOn_IsToldOfAtOnce()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(null, ToolEffect.None);
        ToolCallState state = await bench.AllowedAsync();

        await bench.PassAsync<BeginStep>(state, new FakeNext(new CallOutcome.Delegated(new SwarmRequest())));

        Assert.That((await bench.JournalAsync()).Single().Type, Is.EqualTo(JournalEventTypes.ToolStarted));
    }

    [Test]
    public async Task Begin_WhereEachAppendIsAWrite_TheStartGoesWithTheOutcome()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        CallWrites writes = SeparateWritesOf(bench);
        ToolCallState state = await bench.AllowedAsync();

        await bench.Make<BeginStep>(writes).RunAsync(state, new FakeNext().RunAsync, CancellationToken.None);

        Assert.That((await bench.LedgerAsync())?.State, Is.EqualTo(LedgerState.Started));
        Assert.That(await bench.JournalAsync(), Is.Empty);
        await writes.FinishAsync(state, state.Entry! with { Outcome = FakeNext.Paid.Outcome }, TimeSpan.Zero);
        Assert.That((await bench.JournalAsync()).Select(static told => told.Type),
            Is.EqualTo(new[] { JournalEventTypes.ToolStarted, JournalEventTypes.ToolCompleted }));
    }

    [Test]
    public async Task Begin_CutOffWhereEachAppendIsAWrite_TheStartIsToldOnce([Values] bool wasTold)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        await bench.LeaveAsync(BenchCalls.Started);
        if (wasTold)
        {
            await bench.Get<Journal>().AppendAsync(ToolCallBench.RunId,
                new JournalEvent(JournalEventTypes.ToolStarted, bench.Time.GetUtcNow()) { Turn = 1, Call = 0, Tool = "pay" });
        }

        ToolCallState state = await bench.ResolvedAsync();
        await bench.Make<BeginStep>(SeparateWritesOf(bench)).RunAsync(state, new FakeNext().RunAsync, CancellationToken.None);

        Assert.That(state.Phase, Is.EqualTo(ToolCallPhase.Resumed));
        Assert.That((await bench.JournalAsync()).Single().Type, Is.EqualTo(JournalEventTypes.ToolStarted));
    }

    [Test]
    public async Task Begin_AnotherDeliveryWasFirst_TheCallIsNotMade()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        ToolCallState state = await bench.AllowedAsync();
        await bench.LeaveAsync(BenchCalls.Started);
        var next = new FakeNext();

        Assert.That(
            () => bench.PassAsync<BeginStep>(state, next),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(next.Calls, Is.Zero);
    }

    [Test]
    public async Task InFlight_DuringTheInvocation_TheKillSwitchReachesIt()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        InFlightCalls calls = bench.Get<InFlightCalls>();
        ToolCallState state = await bench.AllowedAsync();

        var outcome = (CallOutcome.Completed)await bench.PassAsync<InFlightStep>(state, new FakeNext(async (_, token) =>
        {
            Assert.That(calls.IsEmpty, Is.False);
            await bench.Get<KillOrders>()
                .EngageAsync(KillScope.Tool, "pay", new Caller("olga"), cancellationToken: CancellationToken.None);
            token.ThrowIfCancellationRequested();
            return FakeNext.Paid;
        }));

        Assert.That((outcome.Outcome.Code, calls.IsEmpty), Is.EqualTo(((ErrorCode?)ErrorCode.Stopped, true)));
        Assert.That(outcome.Outcome.Text, Does.Contain("It had begun"));
    }

    [TestCase(false, "Nothing was done")]
    [TestCase(true, "It had begun")]
    public async Task InFlight_OrderCameSinceTheDecision_TheToolIsNotCalled(bool resumed, string told)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(null, ToolEffect.Idempotent);
        if (resumed)
        {
            await bench.LeaveAsync(BenchCalls.Started);
        }

        ToolCallState state = resumed ? await bench.ResolvedAsync() : await bench.AllowedAsync();
        await bench.Get<KillOrders>().EngageAsync(KillScope.Tool, "pay", new Caller("olga"));
        var next = new FakeNext();

        var outcome = (CallOutcome.Completed)await bench.PassAsync<InFlightStep>(state, next);

        Assert.That((next.Calls, outcome.Outcome.Code), Is.EqualTo((0, (ErrorCode?)ErrorCode.Stopped)));
        Assert.That(outcome.Outcome.Text, Does.Contain(told));
    }

    [Test]
    public async Task InFlight_ToolTakesItsTime_MeasuresIt()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        ToolCallState state = await bench.AllowedAsync();

        var outcome = (CallOutcome.Completed)await bench.PassAsync<InFlightStep>(state, new FakeNext((_, _) =>
        {
            bench.Time.Advance(TimeSpan.FromSeconds(3));
            return Task.FromResult<CallOutcome>(FakeNext.Paid);
        }));

        Assert.That(outcome.Took, Is.EqualTo(TimeSpan.FromSeconds(3)));
    }

    [TestCase(ToolEffect.None, "paid 5")]
    [TestCase(ToolEffect.Idempotent, "paid 5")]
    [TestCase(ToolEffect.NotIdempotent, "outcome is unknown")]
    public async Task Invoke_CutOffBefore_RepeatsWhatIsSafe(ToolEffect effect, string told)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(null, effect);
        await bench.LeaveAsync(BenchCalls.Started);

        var outcome = (CallOutcome.Completed)await bench.PassAsync<InvokeStep>(await bench.ResolvedAsync(), new FakeNext());

        Assert.That(outcome.Outcome.Text, Does.Contain(told));
    }

    [Test]
    public async Task Invoke_First_CallsTheToolAndNoFurtherStep()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        var next = new FakeNext();

        var outcome = (CallOutcome.Completed)await bench.PassAsync<InvokeStep>(await bench.AllowedAsync(), next);

        Assert.That((next.Calls, outcome.Outcome.Text), Is.EqualTo((0, "paid 5")));
    }

    [Test]
    public async Task Invoke_Job_WaitsAndLooksAgainLessOften()
    {
        var tool = new AgentTool(BenchCalls.Function(), ToolEffect.NotIdempotent)
        {
            Job = new ToolJob(static (_, _, _) => Task.FromResult(Reconciliation.StillRunning)),
        };
        await using ToolCallBench bench = await BenchCalls.StartAsync(tool);
        await bench.LeaveAsync(BenchCalls.Started);

        var outcome = (CallOutcome.Waiting)await bench.PassAsync<InvokeStep>(await bench.ResolvedAsync(), new FakeNext());

        Assert.That((outcome.Left, outcome.For.Until - bench.Time.GetUtcNow()),
            Is.EqualTo((LedgerState.Started, TimeSpan.FromMinutes(6))));
    }

    /// <summary>The writes of a call on stores that commit each by itself, as those of Azure do.</summary>
    private static CallWrites SeparateWritesOf(ToolCallBench bench) =>
        bench.Make<CallWrites>(bench.Make<CallCaptures>(bench.Make<FolderSnapshots>(new SeparateWrites())));
}
