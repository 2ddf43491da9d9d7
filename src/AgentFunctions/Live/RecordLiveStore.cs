using System.Runtime.CompilerServices;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Live;

/// <summary>
/// Frames in a record store that several processes share: one small record a run, overwritten while somebody follows. A run that
/// nobody follows costs a read every few seconds of a call, and no write.
/// </summary>
internal sealed class RecordLiveStore(IRecordStore records, IOptions<LiveOptions> options, TimeProvider time,
    ILogger<RecordLiveStore> log) : ILiveStore
{
    private readonly Lock _gate = new();
    private readonly MemoryLiveStore _frames = new();
    private readonly LiveRecords _records = new(records, time);
    private readonly Dictionary<string, LiveReader> _readers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LiveWriter> _writers = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public TimeSpan Pace => TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public bool Publish(LiveFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        LiveWriter? writer;
        lock (_gate)
        {
            writer = _writers.GetValueOrDefault(frame.RunId);
        }

        return writer is not null && writer.Take(frame);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LiveFrame> FollowAsync(string runId,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runId);
        LiveReader reader = Enter(runId);
        try
        {
            await foreach (LiveFrame frame in _frames.FollowAsync(runId, cancellationToken).ConfigureAwait(false))
            {
                yield return frame;
            }
        }
        finally
        {
            Leave(runId, reader);
        }
    }

    /// <inheritdoc/>
    public async Task WantedAsync(string runId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runId);
        LiveWriter writer = WriterOf(runId);
        while (!await writer.LookAsync(cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(LiveWriter.LookEvery, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private LiveWriter WriterOf(string runId)
    {
        lock (_gate)
        {
            if (!_writers.TryGetValue(runId, out LiveWriter? writer))
            {
                // A call that has ended says so to nobody; what was not used for long is of no use.
                foreach (string old in _writers.Where(static one => one.Value.Age > LiveRecords.Lease)
                    .Select(static one => one.Key).ToArray())
                {
                    _writers.Remove(old);
                }

                _writers[runId] = writer = new LiveWriter(runId, _records, time, log);
            }

            return writer;
        }
    }

    private LiveReader Enter(string runId)
    {
        lock (_gate)
        {
            if (!_readers.TryGetValue(runId, out LiveReader? reader))
            {
                _readers[runId] = reader = new LiveReader(runId, _records, _frames, options.Value.PaceOf(this), time, log);
                reader.Start();
            }

            reader.Followers++;
            return reader;
        }
    }

    private void Leave(string runId, LiveReader reader)
    {
        lock (_gate)
        {
            if (--reader.Followers > 0)
            {
                return;
            }

            _readers.Remove(runId);
        }

        reader.Stop();
    }
}
