namespace AgentFunctions.ToolCalls;

/// <summary>
/// Records why a call with effects may be made, before it can have any: at once, or, for a call that is entered in the ledger,
/// together with that it is begun.
/// </summary>
internal sealed class DecisionAuditStep(CallAudit audit) : IToolCallStep
{
    public Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        bool isDue = !state.IsDecided && state.Request.Tool.Effect != ToolEffect.None;
        if (isDue && !state.IsInLedger)
        {
            return RecordAsync(state, next, cancellationToken);
        }

        state.IsDecisionDue |= isDue;
        return next(state, cancellationToken);
    }

    private async Task<CallOutcome> RecordAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        await audit.DecidedAsync(state, cancellationToken).ConfigureAwait(false);
        return await next(state, cancellationToken).ConfigureAwait(false);
    }
}
