using System.Text.Json;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Views.Runs;

/// <summary>Follows one log of the index.</summary>
internal sealed partial class RunIndexShard(int shard, ILogStore logs, RunIndexSnapshots snapshots, RunIndexRows rows,
    int snapshotEvery, ILogger log)
    : IDisposable
{
    private readonly SemaphoreSlim _reader = new(1, 1);
    private long _asked;
    private long _served;
    private long _snapshotAt = -1;

    /// <summary>Gets the first position that was not read yet.</summary>
    public long Next { get; private set; }

    /// <summary>Gets the position of the last entry that could not be read; -1 for none.</summary>
    public long DamagedAt { get; private set; } = -1;

    /// <summary>
    /// Reads what was added. Callers that come together are served by one read that began after all of them had come.
    /// </summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        long mine = Interlocked.Increment(ref _asked);
        await _reader.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_served < mine)
            {
                long served = Interlocked.Read(ref _asked);
                await ReadAsync(cancellationToken).ConfigureAwait(false);
                _served = served;
            }
        }
        finally
        {
            _reader.Release();
        }
    }

    public void Dispose() => _reader.Dispose();

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        if (_snapshotAt < 0)
        {
            await BeginAsync(cancellationToken).ConfigureAwait(false);
        }

        await foreach (LogEntry entry in logs.ReadAsync(RunIndexStreams.NameOf(shard), Next, null, cancellationToken)
            .ConfigureAwait(false))
        {
            Take(entry);
            Next = entry.Position + 1;
        }

        if (Next - _snapshotAt >= snapshotEvery)
        {
            await WriteSnapshotAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (await snapshots.ReadAsync(shard, cancellationToken).ConfigureAwait(false) is var (head, known))
        {
            known.ForEach(rows.Set);
            (Next, DamagedAt) = (head.Position, head.DamagedAt);
        }

        _snapshotAt = Next;
    }

    private void Take(LogEntry entry)
    {
        try
        {
            if (JsonSerializer.Deserialize(entry.Data.Span,
                RunsJsonContext.Default.RunIndexEntry) is { Id: { Length: > 0 } id } read)
            {
                if (read.Kind == RunIndexEntry.Erased)
                {
                    rows.Remove(id);
                    return;
                }

                rows.Set(RunIndexRow.Apply(rows.Find(id), read, entry.Position));
                return;
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentOutOfRangeException)
        {
            // Told below.
        }

        DamagedAt = entry.Position;
        LogDamaged(log, shard, entry.Position);
    }

    private async Task WriteSnapshotAsync(CancellationToken cancellationToken)
    {
        try
        {
            await snapshots.WriteAsync(
                shard, Next, DamagedAt, rows.Where(row => RunIndexStreams.ShardOf(row.Id) == shard), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException)
        {
            // Another process wrote one, or the next one will: a snapshot only spares reading.
        }

        _snapshotAt = Next;
    }

    [LoggerMessage(1911, LogLevel.Error,
        "Entry {Position} of run index {Shard} cannot be read. Lists read the records until the index is made good.")]
    private static partial void LogDamaged(ILogger log, int shard, long position);
}
