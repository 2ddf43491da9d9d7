using AgentFunctions.Core;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Ledger;
using AgentFunctions.ToolCalls;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.ToolCalls.Steps;

/// <summary>The steps that decide: kill switch, approval, policy, and the record of the decision.</summary>
[CancelAfter(300_000)]
internal sealed class DecisionStepTests
{
    private const string Cap = "rules: [{name: cap, when: {tool: '*'}, then: allow, atMost: {amount: 3}}]";

    [TestCase(KillScope.Tool, "pay")]
    [TestCase(KillScope.Agent, "worker")]
    [TestCase(KillScope.Label, "team=red")]
    [TestCase(KillScope.All, "")]
    public async Task KillOrder_Engaged_Refuses(KillScope scope, string name)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        ToolCallState state = await bench.ResolvedAsync();
        await bench.Get<KillOrders>().EngageAsync(scope, name, new Caller("olga"));
        var next = new FakeNext();

        var outcome = (CallOutcome.Completed)await bench.PassAsync<KillOrderStep>(state, next);

        Assert.That((next.Calls, outcome.Outcome.Code, state.IsRefused), Is.EqualTo((0, (ErrorCode?)ErrorCode.Stopped, true)));
    }

    [Test]
    public async Task KillOrder_None_Continues()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        var next = new FakeNext();

        await bench.PassAsync<KillOrderStep>(await bench.ResolvedAsync(), next);

        Assert.That(next.Calls, Is.EqualTo(1));
    }

    [TestCase(ApprovalState.Pending, null, 0)]
    [TestCase(ApprovalState.Denied, ErrorCode.ApprovalDenied, 0)]
    [TestCase(ApprovalState.Expired, ErrorCode.ApprovalExpired, 0)]
    [TestCase(ApprovalState.Approved, null, 1)]
    public async Task Approval_WasAskedFor_GoesByTheAnswer(ApprovalState answer, ErrorCode? code, int calls)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(BenchCalls.Ask);
        ToolCallState state = await AskedAsync(bench, answer);
        var next = new FakeNext();

        CallOutcome outcome = await bench.PassAsync<ApprovalStep>(state, next);

        Assert.That((next.Calls, (outcome as CallOutcome.Completed)?.Outcome.Code), Is.EqualTo((calls, code)));
        Assert.That(outcome is CallOutcome.Waiting, Is.EqualTo(answer == ApprovalState.Pending));
        Assert.That(state.Phase, Is.EqualTo(calls == 1 ? ToolCallPhase.Approved : ToolCallPhase.New));
    }

    [TestCase(ApprovalState.Approved, 2)]
    [TestCase(ApprovalState.Denied, 1)]
    public async Task Approval_OfACallThatMayHaveTakenEffect_CountsAsARepeatOnlyIfItIsMade(ApprovalState answer, int repeats)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(BenchCalls.Ask);
        ToolCallState state = await AskedAsync(bench, answer);
        state.Known = state.Known! with { State = LedgerState.Unknown, Repeats = 1 };

        await bench.PassAsync<ApprovalStep>(state, new FakeNext());

        Assert.That(state.NewEntry(bench.Time.GetUtcNow()).Repeats, Is.EqualTo(repeats));
    }

    [Test]
    public async Task Approval_ThatExpired_IsInTheAuditLogOnceHoweverOftenItIsLookedAt()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(BenchCalls.Ask);
        ToolCallState state = await AskedAsync(bench, ApprovalState.Expired);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            bench.Get<ApprovalRequester>().CheckAsync(state.Known!.ApprovalId!, CancellationToken.None)));

        Assert.That(
            await bench.Get<AuditLog>().ReadAsync().CountAsync(static entry => entry.Type == AuditTypes.ApprovalExpired),
            Is.EqualTo(1));
    }

    [Test]
    public async Task Approval_WasGivenForOtherArguments_Refuses()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(BenchCalls.Ask);
        ToolCallState state = await AskedAsync(bench, ApprovalState.Approved);
        await bench.Get<ApprovalStore>()
            .ChangeAsync(state.Known!.ApprovalId!, static before => before with { CallHash = "other" }, CancellationToken.None);
        var next = new FakeNext();

        var outcome = (CallOutcome.Completed)await bench.PassAsync<ApprovalStep>(state, next);

        Assert.That((next.Calls, outcome.Outcome.Code), Is.EqualTo((0, (ErrorCode?)ErrorCode.PolicyDenied)));
    }

    [TestCase(BenchCalls.Deny, 0)]
    [TestCase(BenchCalls.Ask, 1)]
    public async Task Policy_CallIsApproved_MayOnlyForbidIt(string policy, int calls)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(BenchCalls.Ask);
        ToolCallState state = await AskedAsync(bench, ApprovalState.Approved);
        await bench.PassAsync<ApprovalStep>(state, new FakeNext());
        var since = new PolicySource(
            Options.Create(new GovernanceOptions { PolicyPath = bench.Write("other.yaml", policy) }), [], bench.Time,
            NullLogger<PolicySource>.Instance);
        PolicyDecider decider = bench.Make<PolicyDecider>(since);
        var next = new FakeNext();

        await new PolicyStep(decider, bench.Get<ApprovalQuestions>()).RunAsync(state, next.RunAsync, CancellationToken.None);

        Assert.That((next.Calls, state.IsRefused), Is.EqualTo((calls, calls == 0)));
        Assert.That(state.Decision!.Reason, calls == 0 ? Is.EqualTo("Not here.") : Is.EqualTo("approved by lee"));
    }

    [Test]
    public async Task Policy_ChangesTheCall_IsMadeWithTheChange()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(Cap);

        ToolCallState state = await bench.AllowedAsync();

        Assert.That(state.Call!.Arguments["amount"]!.ToString(), Is.EqualTo("3"));
    }

    [Test]
    public async Task Policy_Asks_WaitsForAPerson()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(BenchCalls.Ask);
        ToolCallState state = await bench.ResolvedAsync();
        var next = new FakeNext();

        var outcome = (CallOutcome.Waiting)await bench.PassAsync<PolicyStep>(state, next);

        Assert.That((next.Calls, outcome.For.Id, outcome.Left), Is.EqualTo((0, state.ApprovalId, LedgerState.Waiting)));
    }

    [TestCase(BenchCalls.Ask, "nobody can be asked")]
    [TestCase(BenchCalls.Deny, "Not here.")]
    [TestCase(Cap, null)]
    public async Task PolicyWithoutAsking_NeverWaits(string policy, string? refusal)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(policy);
        ToolCallState resolved = await bench.ResolvedAsync();
        ToolCallState state = ToolCallState.OnBehalfOf("monitor:queue", resolved.Request);
        var next = new FakeNext();

        var outcome = (CallOutcome.Completed)await bench.PassAsync<PolicyWithoutAskingStep>(state, next);

        Assert.That((next.Calls, state.IsRefused), Is.EqualTo((refusal is null ? 1 : 0, refusal is not null)));
        Assert.That(outcome.Outcome.Text, Does.Contain(refusal ?? "paid"));
        Assert.That(await bench.Get<ApprovalStore>().ListOpenAsync(null, CancellationToken.None), Is.Empty);
    }

    [TestCase(ToolEffect.None, 0)]
    [TestCase(ToolEffect.Idempotent, 1)]
    public async Task DecisionAudit_CallHasEffects_IsRecordedBeforeTheNextStep(ToolEffect effect, int entries)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(null, effect);
        List<AuditEntry> before = [];

        await bench.PassAsync<DecisionAuditStep>(await bench.AllowedAsync(), new FakeNext(async (_, _) =>
        {
            before = await bench.AuditAsync();
            return FakeNext.Paid;
        }));

        Assert.That(before.Count(static entry => entry.Type == AuditTypes.CallDecided), Is.EqualTo(entries));
    }

    [Test]
    public async Task Steps_CallWasBegunBefore_PassUnchanged()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(BenchCalls.Deny, settings: BenchCalls.OneReview);
        await bench.LeaveAsync(BenchCalls.Started);
        await bench.Get<KillOrders>().EngageAsync(KillScope.Tool, "pay", new Caller("olga"));
        ToolCallState state = await bench.ResolvedAsync();
        int audited = (await bench.AuditAsync()).Count;
        var next = new FakeNext();

        await bench.PassAsync<ReviewRoomStep>(state, next);
        await bench.PassAsync<KillOrderStep>(state, next);
        await bench.PassAsync<ApprovalStep>(state, next);
        await bench.PassAsync<PolicyStep>(state, next);
        await bench.PassAsync<PolicyWithoutAskingStep>(state, next);
        await bench.PassAsync<ReviewEntryStep>(state, next);
        await bench.PassAsync<DecisionAuditStep>(state, next);
        await bench.PassAsync<BeginStep>(state, next);

        Assert.That((next.Calls, state.IsRefused), Is.EqualTo((8, false)));
        Assert.That(((await bench.AuditAsync()).Count, (await bench.JournalAsync()).Count), Is.EqualTo((audited, 0)));
    }

    /// <summary>The call after it was put before a person, and answered.</summary>
    private static async Task<ToolCallState> AskedAsync(ToolCallBench bench, ApprovalState answer)
    {
        var first = new ToolCallState(bench.Input);
        await bench.PassAsync<LedgerStep>(first, new FakeNext(async (state, token) =>
        {
            await bench.PassAsync<ResolveStep>(state, new FakeNext(), token);
            return await bench.PassAsync<PolicyStep>(state, new FakeNext(), token);
        }));
        if (answer == ApprovalState.Expired)
        {
            bench.Time.Advance(TimeSpan.FromDays(2));
        }
        else if (answer != ApprovalState.Pending)
        {
            await bench.DecideAsync(answer == ApprovalState.Approved);
        }

        return await bench.ResolvedAsync();
    }
}
