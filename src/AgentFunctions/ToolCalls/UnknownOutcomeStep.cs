using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Ledger;

namespace AgentFunctions.ToolCalls;

/// <summary>Has a person asked about a call of which nobody can tell whether it took effect, if the policy wants that.</summary>
internal sealed class UnknownOutcomeStep(PolicySource policies, ApprovalQuestions questions, TimeProvider time) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        CallOutcome result = await next(state, cancellationToken).ConfigureAwait(false);
        if (result is not CallOutcome.Completed completed || state.Call is not { } made
            || !UnknownOutcome.Is(made, completed.Outcome)
            || policies.Current.AskAbout(ActionOf(state)) is not { } rule)
        {
            return result;
        }

        Approval asked = await questions.AskToRepeatAsync(state.Request, state.Entry!.Repeats, rule, cancellationToken)
            .ConfigureAwait(false);
        return new CallOutcome.Waiting(ApprovalQuestions.WaitFor(asked), LedgerState.Unknown);
    }

    // The labels of the files that the call uses are in the decision alone.
    private ActionContext ActionOf(ToolCallState state) => state.Request.Action(state.Request.Arguments, [], time.GetUtcNow()) with
    {
        DataLabels = state.Decision?.DataLabels ?? [],
    };
}
