using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Ledger;
using AgentFunctions.Records;
using AgentFunctions.Tests.ToolCalls.Steps;
using AgentFunctions.ToolCalls;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>The orders that carry a guarantee, in whole passes.</summary>
[CancelAfter(300_000)]
internal sealed class StepOrderTests
{
    private static IReadOnlyList<Type>[] Lists => [ToolCallSteps.OfModel, ToolCallSteps.OfAcceptance, ToolCallSteps.OfSignal];

    [TestCaseSource(nameof(Lists))]
    public void EveryList_AsksTheKillSwitchAndThePolicyBeforeTheCallIsRecordedAndMade(IReadOnlyList<Type> steps)
    {
        Type[] carrying =
        [
            typeof(AuditStep), typeof(KillOrderStep), typeof(PolicyStep), typeof(PolicyWithoutAskingStep),
            typeof(DecisionAuditStep), typeof(BeginStep),
            typeof(InFlightStep), typeof(InvokeStep),
        ];
        Type[] needed = [typeof(AuditStep), typeof(KillOrderStep), typeof(DecisionAuditStep), typeof(InFlightStep),
            typeof(InvokeStep)];

        Assert.That(needed, Is.SubsetOf(steps));
        Assert.That(steps.Count(static step => step == typeof(PolicyStep) || step == typeof(PolicyWithoutAskingStep)),
            Is.EqualTo(1));
        Assert.That(steps.Contains(typeof(BeginStep)), Is.EqualTo(steps.Contains(typeof(LedgerStep))),
            "what is begun is finished");
        Assert.That(steps.Where(carrying.Contains), Is.EqualTo(carrying.Where(steps.Contains)));
    }

    [Test]
    public async Task Call_IsDecidedBeforeItIsBegunAndBegunBeforeItIsDone()
    {
        ToolCallBench? used = null;
        (int Decided, LedgerState? Begun) seen = default;
        await using ToolCallBench bench = used = await BenchCalls.StartAsync(pay: _ =>
        {
            seen = (
                used!.AuditAsync().GetAwaiter().GetResult().Count(static entry => entry.Type == AuditTypes.CallDecided),
                used.LedgerAsync().GetAwaiter().GetResult()?.State);
            return "paid";
        });

        await bench.Get<ToolCallPipeline>(ToolCallPipeline.OfModel)
            .RunAsync(new ToolCallState(bench.Input), CancellationToken.None);

        Assert.That(seen, Is.EqualTo((1, LedgerState.Started)));
    }

    [Test]
    public async Task Call_IsInFlightDuringTheInvocationAlone()
    {
        ToolCallBench? used = null;
        bool? during = null;
        await using ToolCallBench bench = used = await BenchCalls.StartAsync(pay: _ =>
        {
            during = !used!.Get<InFlightCalls>().IsEmpty;
            return "paid";
        });
        List<string> seen = [];
        InFlightCalls calls = bench.Get<InFlightCalls>();
        IToolCallStep[] steps =
            [.. ToolCallSteps.OfModel.SelectMany(step => new IToolCallStep[] { new Watch(step, calls, seen), bench.Step(step) })];

        await new ToolCallPipeline(steps).RunAsync(new ToolCallState(bench.Input), CancellationToken.None);

        Assert.That(during, Is.True);
        Assert.That(seen.Distinct(), Is.EqualTo(new[] { nameof(InvokeStep) }),
            "no step but the last may be cut by the kill switch");
    }

    [Test]
    public async Task Call_Refused_TakesNoReviewRoom()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(BenchCalls.Deny, settings: BenchCalls.OneReview);

        await bench.Get<ToolCallPipeline>(ToolCallPipeline.OfModel)
            .RunAsync(new ToolCallState(bench.Input), CancellationToken.None);

        Assert.That((await bench.Get<ReviewStateStore>().ListAsync(CancellationToken.None)).SelectMany(static book => book.Open),
            Is.Empty);
        Assert.That((await bench.LedgerAsync())!.Outcome!.Code, Is.EqualTo(ErrorCode.PolicyDenied));
    }

    /// <summary>Notes before which steps, and after which, a call is in flight.</summary>
    private sealed class Watch(Type step, InFlightCalls calls, List<string> seen) : IToolCallStep
    {
        public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
        {
            Note();
            CallOutcome outcome = await next(state, cancellationToken);
            Note();
            return outcome;
        }

        private void Note()
        {
            if (!calls.IsEmpty)
            {
                seen.Add(step.Name);
            }
        }
    }
}
