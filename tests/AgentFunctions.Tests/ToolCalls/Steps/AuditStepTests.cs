using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.ToolCalls;

namespace AgentFunctions.Tests.ToolCalls.Steps;

[CancelAfter(300_000)]
internal sealed class AuditStepTests
{
    [TestCase(ToolEffect.None, "default:none")]
    [TestCase(ToolEffect.NotIdempotent, null)]
    public async Task Run_CallWasMade_RecordsItsOutcome(ToolEffect effect, string? rule)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(null, effect);

        await bench.PassAsync<AuditStep>(await bench.AllowedAsync(), new FakeNext());

        AuditEntry entry = (await bench.AuditAsync()).Single();
        Assert.That((entry.Type, entry.Outcome, entry.Failed, entry.Rule),
            Is.EqualTo((AuditTypes.CallFinished, "paid", (bool?)false, rule)));
    }

    [Test]
    public async Task Run_CallWasRefused_RecordsDecisionAndOutcome()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        ToolCallState state = await bench.ResolvedAsync();

        await bench.PassAsync<AuditStep>(state, new FakeNext((refused, _) => Task.FromResult(
            CallRefusal.Of(refused, new PolicyDecision(PolicyVerdict.Deny, "never", "hash"), ErrorCode.PolicyDenied))));

        Assert.That((await bench.AuditAsync()).Select(static entry => entry.Type),
            Is.EqualTo(new[] { AuditTypes.CallDecided, AuditTypes.CallFinished }));
    }

    [Test]
    public async Task Run_CallWaits_RecordsNothing()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();

        await bench.PassAsync<AuditStep>(await bench.AllowedAsync(), new FakeNext(
            new CallOutcome.Waiting(new ToolCallWait("job", "pay", "job:1:0", bench.Time.GetUtcNow()), LedgerState.Started)));

        Assert.That(await bench.AuditAsync(), Is.Empty);
    }
}
