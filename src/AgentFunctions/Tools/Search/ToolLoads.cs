using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Tools.Search;

/// <summary>Keeps which tools the calls of a run have loaded. Safe to repeat for a call.</summary>
internal sealed class ToolLoads(IRecordStore records)
{
    /// <summary>Older loads are no longer shown, whatever the bound.</summary>
    private const int MostKept = 512;

    /// <summary>Gets the loads of a run, in order.</summary>
    public async Task<IReadOnlyList<ToolLoad>> ReadAsync(string runId, CancellationToken cancellationToken) =>
        await records.GetAsync(KeyOf(runId), cancellationToken).ConfigureAwait(false) is { } stored ? Read(stored) : [];

    /// <summary>Keeps what a call has loaded.</summary>
    public async Task AddAsync(string runId, ToolLoad load, CancellationToken cancellationToken)
    {
        while (true)
        {
            StoredRecord? stored = await records.GetAsync(KeyOf(runId), cancellationToken).ConfigureAwait(false);
            IEnumerable<ToolLoad> others = (stored is null ? [] : Read(stored)).Where(one => (one.Turn, one.Call) != (load.Turn, load.Call));
            if (await TryPutAsync(runId, [.. others, load], stored?.Etag, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <summary>Gives a new run what another had loaded up to a turn, and returns that.</summary>
    public async Task<IReadOnlyList<ToolLoad>> CopyAsync(string from, string to, int turn, CancellationToken cancellationToken)
    {
        ToolLoad[] loads = [.. (await ReadAsync(from, cancellationToken).ConfigureAwait(false)).Where(load => load.Turn <= turn)];
        if (loads.Length > 0)
        {
            await TryPutAsync(to, loads, null, cancellationToken).ConfigureAwait(false);
        }

        return loads;
    }

    private async Task<bool> TryPutAsync(string runId, IEnumerable<ToolLoad> loads, string? etag, CancellationToken cancellationToken)
    {
        IReadOnlyList<ToolLoad> kept = [.. loads.OrderBy(static load => load.Turn).ThenBy(static load => load.Call).TakeLast(MostKept)];
        try
        {
            await records.PutAsync(
                KeyOf(runId), JsonSerializer.SerializeToUtf8Bytes(kept, ToolsJsonContext.Default.IReadOnlyListToolLoad),
                etag is null ? RecordCondition.IfNew : RecordCondition.IfMatch(etag), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            return false;
        }
    }

    private static string KeyOf(string runId) => $"tool-notices/{runId}/loaded";

    private static IReadOnlyList<ToolLoad> Read(StoredRecord stored) =>
        JsonSerializer.Deserialize(stored.Value.Span, ToolsJsonContext.Default.IReadOnlyListToolLoad)!;
}

/// <summary>Represents what one call has loaded.</summary>
/// <param name="Turn">Its turn.</param>
/// <param name="Call">Its number within the turn.</param>
/// <param name="Tools">The names of the tools.</param>
internal sealed record ToolLoad(int Turn, int Call, IReadOnlyList<string> Tools);
