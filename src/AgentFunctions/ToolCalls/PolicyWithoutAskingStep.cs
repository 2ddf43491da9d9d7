using AgentFunctions.Governance.Policies;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>
/// Has the policy allow, refuse or change a call for which nobody can be asked: what needs a person is refused.
/// </summary>
internal sealed class PolicyWithoutAskingStep(PolicyDecider policy) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        if (state.Phase == ToolCallPhase.Resumed)
        {
            return await next(state, cancellationToken).ConfigureAwait(false);
        }

        PolicyDecision decision = await policy.DecideAsync(state.Request, state.Arguments, false, cancellationToken)
            .ConfigureAwait(false);
        if (decision.Verdict == PolicyVerdict.Ask)
        {
            string reason = decision.Reason is null ? "" : $"{decision.Reason} ";
            decision = decision with
            {
                Verdict = PolicyVerdict.Deny,
                Approval = null,
                Reason = $"{reason}The rule puts it before a person, and for {state.Actor} nobody can be asked; let a rule allow it",
            };
        }

        if (decision.Verdict == PolicyVerdict.Deny)
        {
            return CallRefusal.Of(state, decision, ErrorCode.PolicyDenied);
        }

        state.Decision = decision;
        state.Call = GovernedCall.Of(state.Request, decision, out ToolOutcome? refusal);
        return state.Call is null
            ? new CallOutcome.Completed(refusal!)
            : await next(state, cancellationToken).ConfigureAwait(false);
    }
}
