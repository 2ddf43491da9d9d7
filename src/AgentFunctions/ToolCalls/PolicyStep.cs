using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Ledger;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Has the policy allow a call, refuse it, change it, or put it before a person.</summary>
internal sealed class PolicyStep(PolicyDecider policy, ApprovalQuestions questions) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        if (state.IsDecided)
        {
            policy.LimitResumed(state.Request);
            state.Call!.Context.Files = state.Request.Context.Files;
            return await next(state, cancellationToken).ConfigureAwait(false);
        }

        // Between question and answer the world went on: what a rule forbids by now stays forbidden.
        PolicyDecision decision = await policy.DecideAsync(
            state.Request, state.Arguments, state.Phase == ToolCallPhase.Approved, cancellationToken).ConfigureAwait(false);
        if (decision.Verdict == PolicyVerdict.Deny)
        {
            return CallRefusal.Of(state, decision, ErrorCode.PolicyDenied);
        }

        if (state.Approval is { } approval)
        {
            // Other arguments may be for other people to decide about.
            if (approval.Edited is not null && decision is { Verdict: PolicyVerdict.Ask, Approval: { } terms }
                && !approval.Satisfies(terms))
            {
                return CallRefusal.Of(
                    state,
                    decision with
                    {
                        Verdict = PolicyVerdict.Deny,
                        Approval = null,
                        Reason = $"a person changed the arguments into what {terms.Count} of {string.Join(", ", terms.Roles)} decide about",
                    },
                    ErrorCode.PolicyDenied);
            }

            decision = Approved(decision, approval);
        }
        else if (decision.Verdict == PolicyVerdict.Ask)
        {
            Approval asked = await questions.AskToCallAsync(state.Request, decision, cancellationToken).ConfigureAwait(false);
            (state.Decision, state.ApprovalId) = (decision, asked.Id);
            return new CallOutcome.Waiting(ApprovalQuestions.WaitFor(asked), LedgerState.Waiting);
        }

        state.Decision = decision;
        state.Call = GovernedCall.Of(state.Request, decision, out ToolOutcome? refusal);
        return state.Call is null
            ? new CallOutcome.Completed(refusal!)
            : await next(state, cancellationToken).ConfigureAwait(false);
    }

    private static PolicyDecision Approved(PolicyDecision decision, Approval approval) => decision with
    {
        Verdict = PolicyVerdict.Allow,
        Rule = approval.Rule,
        Reason = $"approved by {string.Join(" and ", approval.Votes.Where(static one => one.Approves).Select(static one => one.By))}",
        Approval = null,
        // A bound on the arguments holds for those of a person too.
        Arguments = decision.Arguments ?? approval.Edited,
    };
}
