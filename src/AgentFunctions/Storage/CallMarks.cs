using System.Globalization;
using System.Text;
using Polly.Timeout;

namespace AgentFunctions.Storage;

/// <summary>
/// Remembers which model call a run has begun, so that one that a crash cut off is counted and not silently made again:
/// the provider may have charged for it. One small record a run, written only where a budget limits what calls consume.
/// </summary>
internal sealed class CallMarks(IRecordStore records)
{
    /// <summary>Marks a call as begun. Durable when it returns.</summary>
    /// <returns>False where the call was begun before.</returns>
    public async Task<bool> BeginAsync(string runId, int call, CancellationToken cancellationToken)
    {
        byte[] mark = Encoding.ASCII.GetBytes(call.ToString(CultureInfo.InvariantCulture));
        StoredRecord? last = await records.GetAsync(Key(runId), cancellationToken).ConfigureAwait(false);
        if (last is not null && last.Value.Span.SequenceEqual(mark))
        {
            return false;
        }

        await records.PutAsync(Key(runId), mark, default, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Takes the mark back: the call failed in a way for which no provider charges.</summary>
    public Task TakeBackAsync(string runId, CancellationToken cancellationToken) =>
        records.DeleteAsync(Key(runId), default, cancellationToken);

    /// <summary>Whether a failed call may have consumed tokens: the provider had taken the request and begun to work on it.</summary>
    public static bool MayHaveConsumed(AgentException error) =>
        error is { Code: ErrorCode.ModelStreamTruncated or ErrorCode.ModelProtocolError } or { InnerException: TimeoutRejectedException };

    private static string Key(string runId) => $"calls/{runId}";
}
