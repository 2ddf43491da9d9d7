using System.Text.Json;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Views.Runs;

/// <summary>
/// The index of all runs: 16 logs that each step appends to, followed and added up by whoever lists. What it says is as new as
/// the moment in which it is asked.
/// </summary>
internal sealed class RunIndex : IDisposable
{
    /// <summary>After how many entries a snapshot of a log is written.</summary>
    public const int SnapshotEvery = 5_000;

    private readonly IRecordStore _records;
    private readonly RunIndexShard[] _shards;
    private volatile RunIndexState? _state;

    public RunIndex(ILogStore logs, IRecordStore records, ILogger<RunIndex> log, int snapshotEvery = SnapshotEvery)
    {
        _records = records;
        var snapshots = new RunIndexSnapshots(records);
        _shards = [.. Enumerable.Range(0, RunIndexStreams.Count)
            .Select(shard => new RunIndexShard(shard, logs, snapshots, Rows, snapshotEvery, log))];
    }

    /// <summary>Gets the rows as of the last read.</summary>
    public RunIndexRows Rows { get; } = new();

    /// <summary>Gets how far each log was read.</summary>
    public IReadOnlyList<long> Lengths => [.. _shards.Select(static shard => shard.Next)];

    /// <summary>Reads what was added to all logs.</summary>
    /// <returns>Whether the index has every run.</returns>
    public async Task<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll([ReadStateAsync(_shards, cancellationToken),
            .. _shards.Select(shard => shard.RefreshAsync(cancellationToken))]).ConfigureAwait(false);
        return IsWhole(_shards);
    }

    /// <summary>Reads what was added to the log of one tree.</summary>
    /// <returns>Whether it has every run of the tree.</returns>
    public async Task<bool> RefreshAsync(string runId, CancellationToken cancellationToken)
    {
        RunIndexShard[] shard = [_shards[RunIndexStreams.ShardOf(runId)]];
        await Task.WhenAll(ReadStateAsync(shard, cancellationToken), shard[0].RefreshAsync(cancellationToken))
            .ConfigureAwait(false);
        return IsWhole(shard);
    }

    /// <summary>Says that the index has every run.</summary>
    /// <param name="lengths">How far each log was read before the records were.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task SetWholeAsync(IReadOnlyList<long> lengths, CancellationToken cancellationToken)
    {
        var state = new RunIndexState(lengths);
        await _records.PutAsync(
            RunIndexStreams.StateKey, JsonSerializer.SerializeToUtf8Bytes(state, RunIndexJsonContext.Default.RunIndexState),
            default, cancellationToken)
            .ConfigureAwait(false);
        _state = state;
    }

    public void Dispose() => Array.ForEach(_shards, static shard => shard.Dispose());

    private bool IsWhole(RunIndexShard[] shards) => _state is { Lengths.Count: RunIndexStreams.Count } state
        && shards.All(shard => Array.IndexOf(_shards, shard) is var number && shard.Next >= state.Lengths[number]
            && shard.DamagedAt < state.Lengths[number]);

    /// <summary>Once the index has every run, it has; what is lost or damaged later is seen in the logs.</summary>
    private async Task ReadStateAsync(RunIndexShard[] shards, CancellationToken cancellationToken)
    {
        if (IsWhole(shards))
        {
            return;
        }

        try
        {
            StoredRecord? record = await _records.GetAsync(RunIndexStreams.StateKey, cancellationToken).ConfigureAwait(false);
            _state = record is null
                ? null
                : JsonSerializer.Deserialize(record.Value.Span, RunIndexJsonContext.Default.RunIndexState);
        }
        catch (JsonException)
        {
            _state = null;
        }
    }
}
