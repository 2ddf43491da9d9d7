using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Snapshots;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Enters in the ledger that a call is about to be made, before anything can happen to the world.</summary>
internal sealed class BeginStep(CallLedger ledger, CallJournal journal, CallCaptures captures, TimeProvider time) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        if (state.Phase != ToolCallPhase.Resumed)
        {
            CallToolInput call = state.Input;
            LedgerEntry entry = state.NewEntry(time.GetUtcNow()) with
            {
                ActsOutside = state.Call!.Tool is { Effect: not ToolEffect.None, Reach: ToolReach.Outside },
            };
            CallCapture? capture = await captures.PrepareAsync(state, cancellationToken).ConfigureAwait(false);
            // Handed over together, in this order: one flush to disk for all of them.
            using IDisposable group = captures.Group();
            Task captured = capture?.BeginAsync(cancellationToken) ?? Task.CompletedTask;
            Task<LedgerEntry> begun = state.Call.Tool is { Effect: ToolEffect.None, Job: null }
                ? Task.FromResult(entry)
                : ledger.EnterAsync(call.RunId, call.Turn, call.Call, entry, cancellationToken);
            // A call that waited for sub-agents or people was told of before.
            Task told = call.Swarm is { Phase: > 0 } || state.Phase == ToolCallPhase.Answered
                ? Task.CompletedTask
                : journal.StartedAsync(call, state.Request.Asked, state.Call.Tool.IsClient, cancellationToken);
            group.Dispose();
            await Task.WhenAll(captured, begun, told).ConfigureAwait(false);
            state.Entry = await begun.ConfigureAwait(false);
        }

        return await next(state, cancellationToken).ConfigureAwait(false);
    }
}
