using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;

namespace AgentFunctions.ToolCalls;

/// <summary>Refuses a call that the kill switch has stopped.</summary>
internal sealed class KillOrderStep(KillOrderStore kills) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        if (state.Phase == ToolCallPhase.Resumed)
        {
            return await next(state, cancellationToken).ConfigureAwait(false);
        }

        ToolCallRequest request = state.Request;
        KillOrder? order = await kills.FindAsync(request.Run, request.Lineage.AncestorIds, request.Tool.Name, cancellationToken)
            .ConfigureAwait(false);
        if (order is null)
        {
            return await next(state, cancellationToken).ConfigureAwait(false);
        }

        state.ApprovalId = state.Known?.ApprovalId;
        var stopped = new PolicyDecision(PolicyVerdict.Deny, "kill-switch", "") { Reason = $"{order.By} stopped {order.Words}" };
        return CallRefusal.Of(state, stopped, ErrorCode.Stopped);
    }
}
