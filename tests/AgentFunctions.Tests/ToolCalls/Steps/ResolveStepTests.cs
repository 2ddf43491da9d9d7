using AgentFunctions.Governance.Policies;
using AgentFunctions.Ledger;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls.Steps;

[CancelAfter(300_000)]
internal sealed class ResolveStepTests
{
    [Test]
    public async Task Run_ToolIsThere_FindsRunToolAndArguments()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        var state = new ToolCallState(bench.Input);

        await bench.PassAsync<ResolveStep>(state, new FakeNext());

        Assert.That((state.Phase, state.Request.Run.Id, state.Request.Tool.Name),
            Is.EqualTo((ToolCallPhase.New, ToolCallBench.RunId, "pay")));
        Assert.That(state.Request.Arguments.GetRawText(), Is.EqualTo("""{"amount":5}"""));
        Assert.That(state.Call, Is.Null, "nothing is decided");
    }

    [TestCase(null, ErrorCode.ToolArgumentsInvalid)]
    [TestCase(LedgerState.Started, ErrorCode.ToolOutcomeUnknown)]
    [TestCase(LedgerState.Unknown, ErrorCode.ToolOutcomeUnknown)]
    public async Task Run_ArgumentsDoNotFit_EndsThePass(LedgerState? left, ErrorCode code)
    {
        await using ToolCallBench bench = await ToolCallBench.StartAsync(
            null, [new AgentTool(BenchCalls.Function(), ToolEffect.NotIdempotent)], "pay", new { amount = "many" });
        var state = new ToolCallState(bench.Input)
        {
            Known = left is { } known
            ? BenchCalls.Started with { State = known }
            : null
        };
        var next = new FakeNext();

        var outcome = (CallOutcome.Completed)await bench.PassAsync<ResolveStep>(state, next);

        Assert.That((next.Calls, outcome.Outcome.Code), Is.EqualTo((0, (ErrorCode?)code)));
    }

    [Test]
    public async Task Run_BegunBefore_TakesUpTheRecordedDecision()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(BenchCalls.Deny);
        var decision = new PolicyDecision(PolicyVerdict.Allow, "cap", "hash")
        {
            Arguments = System.Text.Json.JsonElement.Parse("""{"amount":2}"""),
        };
        await bench.LeaveAsync(BenchCalls.Started with { Decision = decision, ApprovalId = "a1" });

        ToolCallState state = await bench.ResolvedAsync();

        Assert.That((state.Phase, state.ApprovalId, state.Decision!.Rule), Is.EqualTo((ToolCallPhase.Resumed, "a1", "cap")));
        Assert.That(state.Call!.Arguments["amount"]!.ToString(), Is.EqualTo("2"));
    }
}
