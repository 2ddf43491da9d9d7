using AgentFunctions.Ledger;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Represents the calls of a tool that acted outside the folder of a run: a restore does not undo them.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Calls">The number of calls that were begun after the turn whose state is restored.</param>
/// <param name="Unknown">The number of them whose outcome is not known.</param>
public sealed record EffectLeft(string Tool, int Calls, int Unknown);

/// <summary>Finds in the ledger which effects a restore leaves done.</summary>
internal sealed class EffectsLeft(CallLedger ledger, TurnEnds turns)
{
    /// <summary>Counts the calls after a turn of a run, and those of its sub-agents since then, by tool.</summary>
    public async Task<IReadOnlyList<EffectLeft>> SinceAsync(string runId, int turn, CancellationToken cancellationToken)
    {
        DateTimeOffset? end = await turns.NextAsync(runId, turn, cancellationToken).ConfigureAwait(false);
        var byTool = new SortedDictionary<string, EffectLeft>(StringComparer.Ordinal);
        await foreach ((string run, int at, LedgerEntry entry) in ledger.ActedOutsideAsync(runId, cancellationToken)
            .ConfigureAwait(false))
        {
            if (run == runId ? at > turn : entry.StartedAt >= end)
            {
                bool isUnknown = entry.State != LedgerState.Finished || entry.Outcome?.Code == ErrorCode.ToolOutcomeUnknown;
                EffectLeft known = byTool.GetValueOrDefault(entry.Tool) ?? new EffectLeft(entry.Tool, 0, 0);
                byTool[entry.Tool] = known with { Calls = known.Calls + 1, Unknown = known.Unknown + (isUnknown ? 1 : 0) };
            }
        }

        return [.. byTool.Values];
    }
}
