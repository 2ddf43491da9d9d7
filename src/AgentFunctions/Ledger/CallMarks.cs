using System.Globalization;
using System.Text;
using AgentFunctions.Storage;
using Polly.Timeout;

namespace AgentFunctions.Ledger;

/// <summary>
/// Remembers which model call a run has begun, so that one that a crash cut off is counted and not silently made again:
/// the provider may have charged for it. One small record a run, written only where a budget limits what calls consume.
/// </summary>
internal sealed class CallMarks(IRecordStore records)
{
    /// <summary>How many runs' marks stay in memory.</summary>
    private const int CacheSize = 4_096;

    /// <summary>Each run's mark and its version, where this process wrote it last.</summary>
    private readonly LruCache<string, (int Call, string Version)> _known = new(CacheSize);

    /// <summary>Marks a call as begun. Durable when it returns.</summary>
    /// <returns>False where the call was begun before.</returns>
    public async Task<bool> BeginAsync(string runId, int call, CancellationToken cancellationToken)
    {
        // Written on the guess that nobody else has: a look before every call would cost more than the guess is ever wrong.
        RecordCondition condition = RecordCondition.IfNew;
        if (_known.TryGet(runId, out (int Call, string Version) known))
        {
            condition = RecordCondition.IfMatch(known.Version);
        }

        bool look = known.Call == call && known.Version is not null;
        while (true)
        {
            if (look)
            {
                // Another process may have taken back a mark that this one remembers, or have made one that it does not know of.
                StoredRecord? last = await records.GetAsync(Key(runId), cancellationToken).ConfigureAwait(false);
                if (last?.Value.Span.SequenceEqual(Mark(call)) == true)
                {
                    return false;
                }

                condition = last is null ? RecordCondition.IfNew : RecordCondition.IfMatch(last.Etag);
            }

            if (await TryWriteAsync(runId, call, condition, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }

            look = true;
        }
    }

    /// <summary>Takes the mark back: the call failed in a way for which no provider charges.</summary>
    public Task TakeBackAsync(string runId, CancellationToken cancellationToken)
    {
        _known.Remove(runId);
        return records.DeleteAsync(Key(runId), default, cancellationToken);
    }

    private async Task<bool> TryWriteAsync(string runId, int call, RecordCondition condition, CancellationToken cancellationToken)
    {
        // Out of memory first: should the write's outcome stay unknown, the next call looks.
        _known.Remove(runId);
        if (await records.TryPutAsync(Key(runId), Mark(call), condition, cancellationToken)
            .ConfigureAwait(false) is not { } version)
        {
            return false;
        }

        _known.Set(runId, (call, version));
        return true;
    }

    private static byte[] Mark(int call) => Encoding.ASCII.GetBytes(call.ToString(CultureInfo.InvariantCulture));

    /// <summary>
    /// Whether a failed call may have consumed tokens: the provider had taken the request and begun to work on it.
    /// </summary>
    public static bool MayHaveConsumed(AgentException error) =>
        error is { Code: ErrorCode.ModelStreamTruncated or ErrorCode.ModelProtocolError }
            or { InnerException: TimeoutRejectedException };

    private static string Key(string runId) => $"calls/{runId}";
}
