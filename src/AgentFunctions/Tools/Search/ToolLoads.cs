using AgentFunctions.Storage;

namespace AgentFunctions.Tools.Search;

/// <summary>Keeps which tools the calls of a run have loaded. Safe to repeat for a call.</summary>
internal sealed class ToolLoads(IRecordStore records)
{
    /// <summary>Older loads are no longer shown, whatever the bound.</summary>
    private const int MostKept = 512;

    private readonly JsonRecords<IReadOnlyList<ToolLoad>> _loads = new(records, ToolsJsonContext.Default.IReadOnlyListToolLoad);

    /// <summary>Gets the loads of a run, in order.</summary>
    public async Task<IReadOnlyList<ToolLoad>> ReadAsync(string runId, CancellationToken cancellationToken) =>
        (await _loads.FindAsync(KeyOf(runId), cancellationToken).ConfigureAwait(false))?.Value ?? [];

    /// <summary>Keeps what a call has loaded.</summary>
    public Task AddAsync(string runId, ToolLoad load, CancellationToken cancellationToken) => _loads.UpdateAsync(
        KeyOf(runId), before => Kept((before ?? []).Where(one => (one.Turn, one.Call) != (load.Turn, load.Call)).Append(load)),
        cancellationToken);

    /// <summary>Gives a new run what another had loaded up to a turn, and returns that.</summary>
    public async Task<IReadOnlyList<ToolLoad>> CopyAsync(string from, string to, int turn, CancellationToken cancellationToken)
    {
        IReadOnlyList<ToolLoad> loads =
            Kept((await ReadAsync(from, cancellationToken).ConfigureAwait(false)).Where(load => load.Turn <= turn));
        if (loads.Count > 0)
        {
            await _loads.TryPutAsync(KeyOf(to), loads, null, cancellationToken).ConfigureAwait(false);
        }

        return loads;
    }

    private static IReadOnlyList<ToolLoad> Kept(IEnumerable<ToolLoad> loads) =>
        [.. loads.OrderBy(static load => load.Turn).ThenBy(static load => load.Call).TakeLast(MostKept)];

    private static string KeyOf(string runId) => $"tool-notices/{runId}/loaded";
}

/// <summary>Represents what one call has loaded.</summary>
/// <param name="Turn">Its turn.</param>
/// <param name="Call">Its number within the turn.</param>
/// <param name="Tools">The names of the tools.</param>
internal sealed record ToolLoad(int Turn, int Call, IReadOnlyList<string> Tools);
