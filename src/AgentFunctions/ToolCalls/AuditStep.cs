using AgentFunctions.Governance.Policies;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Records what was refused and what came of what was made, in the words that the model reads.</summary>
internal sealed class AuditStep(CallAudit audit, PolicySource policies, CallHistory history, TimeProvider time) : IToolCallStep
{
    private static readonly ToolOutcome Pending = new("The call waits for sub-agents.");

    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        CallOutcome outcome = await next(state, cancellationToken).ConfigureAwait(false);
        if (state.IsRefused && outcome is CallOutcome.Completed)
        {
            await audit.DecidedAsync(state, CancellationToken.None).ConfigureAwait(false);
        }

        if (outcome switch
        {
            CallOutcome.Completed completed => completed.Outcome,
            CallOutcome.Delegated => Pending,
            _ => null,
        } is { } told)
        {
            await RememberAsync(state, told).ConfigureAwait(false);
            if (state.IsInLedger && outcome is CallOutcome.Completed)
            {
                // Written with the outcome in the ledger.
                state.OutcomeDue = told;
            }
            else
            {
                await audit.FinishedAsync(state, told, CancellationToken.None).ConfigureAwait(false);
            }
        }

        return outcome;
    }

    /// <summary>Keeps what became of a call that was made, for rules about what was done before.</summary>
    private Task RememberAsync(ToolCallState state, ToolOutcome outcome)
    {
        if (state.Call is null || state.Entry is not { } begun || !policies.IsConfigured)
        {
            return Task.CompletedTask;
        }

        return history.EnterAsync(state.Request.Lineage.Root.Id, PastCalls.Of(state.Request, state.Decision, begun.StartedAt) with
        {
            FinishedAt = time.GetUtcNow(),
            Succeeded = outcome.Code == ErrorCode.ToolOutcomeUnknown ? null : !outcome.IsError,
        }, CancellationToken.None);
    }
}
