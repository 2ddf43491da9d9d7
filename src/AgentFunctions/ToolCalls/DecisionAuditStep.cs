namespace AgentFunctions.ToolCalls;

/// <summary>Records why a call with effects may be made, before it can have any.</summary>
internal sealed class DecisionAuditStep(CallAudit audit) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        if (!state.IsDecided && state.Request.Tool.Effect != ToolEffect.None)
        {
            await audit.DecidedAsync(state, cancellationToken).ConfigureAwait(false);
        }

        return await next(state, cancellationToken).ConfigureAwait(false);
    }
}
