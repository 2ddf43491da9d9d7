using AgentFunctions.Records;

namespace AgentFunctions.Views.Live;

/// <summary>
/// Represents the newest events of a run's journal as all its followers on this host read them: one waits and reads for all that
/// are at the same place, and of a run that is fast many at a time.
/// </summary>
/// <param name="runId">The run.</param>
/// <param name="journal">The journal.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedEvents(string runId, Journal journal, TimeProvider time) : IDisposable
{
    /// <summary>The shortest time between two readings.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);

    /// <summary>The most events of one reading.</summary>
    private const int Most = 1_000;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private CancellationTokenSource _replaced = new();
    private Task<IReadOnlyList<(long Position, JournalEvent Event)>>? _reading;
    private long _from;
    private long? _readAt;

    /// <summary>Waits for events from a position on, and gets them.</summary>
    /// <param name="from">The first position.</param>
    /// <returns>
    /// The events, of which the first may lie before the position; none if the others have read further, so that the follower
    /// reads for itself.
    /// </returns>
    public Task<IReadOnlyList<(long Position, JournalEvent Event)>> AfterAsync(long from)
    {
        lock (_gate)
        {
            bool isOver = _reading is { IsCompleted: true } read
                && (!read.IsCompletedSuccessfully || read.Result.Count == 0 || read.Result[^1].Position < from);
            // Who waits for a place beyond the end keeps nobody from hearing of the next event.
            if (_reading is null || isOver || (!_reading.IsCompleted && from < _from))
            {
                _replaced.Cancel();
                _replaced.Dispose();
                _replaced = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                CancellationToken ended = _replaced.Token;
                (_reading, _from) = (Task.Run(() => ReadAsync(from, ended)), from);
            }

            return _from <= from ? _reading : Task.FromResult<IReadOnlyList<(long Position, JournalEvent Event)>>([]);
        }
    }

    /// <summary>Stops waiting: nobody follows any more.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        lock (_gate)
        {
            _replaced.Dispose();
        }
    }

    private async Task<IReadOnlyList<(long Position, JournalEvent Event)>> ReadAsync(long from, CancellationToken ended)
    {
        try
        {
            await journal.WaitAsync(runId, from, ended).ConfigureAwait(false);
            if (Rest() is var rest && rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, time, ended).ConfigureAwait(false);
            }

            lock (_gate)
            {
                _readAt = time.GetTimestamp();
            }

            return await journal.ReadAsync(runId, from, Most, ended).ToListAsync(ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            // Another reading is in its place: whoever waited for this one reads for itself.
            return [];
        }
    }

    private TimeSpan Rest()
    {
        lock (_gate)
        {
            return _readAt is { } at ? Shortest - time.GetElapsedTime(at) : TimeSpan.Zero;
        }
    }
}
