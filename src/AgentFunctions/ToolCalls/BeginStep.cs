using AgentFunctions.Ledger;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Enters in the ledger that a call is about to be made, before anything can happen to the world.</summary>
internal sealed class BeginStep(CallWrites writes, TimeProvider time) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        // A call that waited for sub-agents or people was told of before.
        bool isNew = state.Input.Swarm is not { Phase: > 0 } && state.Phase != ToolCallPhase.Answered;
        if (state.Phase != ToolCallPhase.Resumed)
        {
            LedgerEntry entry = state.NewEntry(time.GetUtcNow()) with
            {
                ActsOutside = state.Call!.Tool is { Effect: not ToolEffect.None, Reach: ToolReach.Outside },
            };
            state.Entry = await writes.BeginAsync(state, entry, isNew, cancellationToken).ConfigureAwait(false);
        }
        else if (isNew && state is { Entry.GoesOn: false, Call.Tool.IsClient: false })
        {
            await writes.TellBegunBeforeAsync(state, cancellationToken).ConfigureAwait(false);
        }

        CallOutcome outcome = await next(state, cancellationToken).ConfigureAwait(false);
        if (outcome is not CallOutcome.Completed)
        {
            await writes.TellBegunAsync(state).ConfigureAwait(false);
        }

        return outcome;
    }
}
