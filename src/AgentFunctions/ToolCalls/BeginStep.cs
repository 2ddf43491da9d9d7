using AgentFunctions.Ledger;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Enters in the ledger that a call is about to be made, before anything can happen to the world.</summary>
internal sealed class BeginStep(CallWrites writes, TimeProvider time) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        if (state.Phase != ToolCallPhase.Resumed)
        {
            // A call that waited for sub-agents or people was told of before.
            bool isNew = state.Input.Swarm is not { Phase: > 0 } && state.Phase != ToolCallPhase.Answered;
            LedgerEntry entry = state.NewEntry(time.GetUtcNow()) with
            {
                ActsOutside = state.Call!.Tool is { Effect: not ToolEffect.None, Reach: ToolReach.Outside },
            };
            state.Entry = await writes.BeginAsync(state, entry, isNew, cancellationToken).ConfigureAwait(false);
        }

        return await next(state, cancellationToken).ConfigureAwait(false);
    }
}
