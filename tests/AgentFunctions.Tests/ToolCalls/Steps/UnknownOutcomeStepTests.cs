using AgentFunctions.Governance.Approvals;
using AgentFunctions.Ledger;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls.Steps;

[CancelAfter(300_000)]
internal sealed class UnknownOutcomeStepTests
{
    private const string Look = """
        rules: [{name: all, when: {tool: '*'}, then: allow}]
        unknownOutcomes: [{name: look-first, when: {tool: pay}, then: ask, approval: {roles: [lead]}}]
        """;

    private const string Labelled = """
        data: [{label: money, when: {tool: pay}}]
        rules: [{name: all, when: {tool: '*'}, then: allow}]
        unknownOutcomes: [{name: look-first, when: {data: money}, then: ask, approval: {roles: [lead]}}]
        """;

    private const string Risky = """
        data: [{label: money, when: {tool: pay}}]
        risks: [{risk: low, when: {data: money}}]
        rules: [{name: all, when: {tool: '*'}, then: allow}]
        unknownOutcomes: [{name: look-first, when: {risk: low}, then: ask, approval: {roles: [lead]}}]
        """;

    [TestCase(Look, ErrorCode.ToolOutcomeUnknown, 1)]
    [TestCase(Labelled, ErrorCode.ToolOutcomeUnknown, 1)]
    [TestCase(Risky, ErrorCode.ToolOutcomeUnknown, 1)]
    [TestCase(Look, ErrorCode.ToolTimeout, 1)]
    [TestCase(Look, ErrorCode.ToolFailed, 0)]
    [TestCase(null, ErrorCode.ToolOutcomeUnknown, 0)]
    public async Task Run_OutcomeIsAnError_AsksAPersonIfThePolicySaysSo(string? policy, ErrorCode code, int questions)
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(policy);
        await bench.LeaveAsync(BenchCalls.Started);
        ToolCallState state = await bench.ResolvedAsync();

        CallOutcome outcome = await bench.PassAsync<UnknownOutcomeStep>(
            state, new FakeNext(new CallOutcome.Completed(ToolOutcome.Failed(code, "the line went dead"))));

        Assert.That((outcome as CallOutcome.Waiting)?.Left,
            Is.EqualTo(questions == 0 ? null : (LedgerState?)LedgerState.Unknown));
        Assert.That(await bench.Get<ApprovalStore>().ListOpenAsync(ToolCallBench.RunId, CancellationToken.None),
            Has.Count.EqualTo(questions));
    }
}
