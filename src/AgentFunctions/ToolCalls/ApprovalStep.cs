using AgentFunctions.Core;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Ledger;

namespace AgentFunctions.ToolCalls;

/// <summary>Takes up what a person said about a call that waited for it.</summary>
internal sealed class ApprovalStep(ApprovalRequester approvals, PolicySource policies) : IToolCallStep
{
    public Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken) =>
        !state.IsDecided && state.Known is { State: LedgerState.Waiting or LedgerState.Unknown, ApprovalId: { } id }
            ? TakeUpAsync(state, id, next, cancellationToken)
            : next(state, cancellationToken);

    private async Task<CallOutcome> TakeUpAsync(ToolCallState state, string id, ToolCallHandler next,
        CancellationToken cancellationToken)
    {
        Approval approval = await approvals.CheckAsync(id, cancellationToken).ConfigureAwait(false);
        state.ApprovalId = approval.Id;
        if (approval.IsAltered)
        {
            return Refuse("its approval was altered outside this host and may be meant for other arguments",
                ErrorCode.PolicyDenied);
        }

        if (approval.State == ApprovalState.Approved && approval.CallHash == ApprovalQuestions.HashOf(state.Request))
        {
            approval = await approvals.TakeAsync(id, cancellationToken).ConfigureAwait(false);
        }

        switch (approval.State)
        {
            case ApprovalState.Pending:
                return new CallOutcome.Waiting(ApprovalQuestions.WaitFor(approval), LedgerState.Waiting);
            case ApprovalState.Denied:
                return Refuse(CallRefusal.DenialOf(approval), ErrorCode.ApprovalDenied);
            case ApprovalState.Approved when approval.CallHash != ApprovalQuestions.HashOf(state.Request):
                return Refuse("the approval was given for other arguments", ErrorCode.PolicyDenied);
            case ApprovalState.Approved:
                state.Phase = ToolCallPhase.Approved;
                state.Approval = approval;
                return await next(state, cancellationToken).ConfigureAwait(false);
            default:
                return Refuse("nobody decided about it in time", ErrorCode.ApprovalExpired);
        }

        CallOutcome Refuse(string reason, ErrorCode code) => CallRefusal.Of(
            state, new PolicyDecision(PolicyVerdict.Deny, approval.Rule, policies.Current.Hash) { Reason = reason }, code);
    }
}
