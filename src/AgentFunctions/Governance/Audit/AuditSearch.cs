using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Finds places in the parts of the audit log by time, with a few reads of each, since entries are in the order of their times.
/// </summary>
internal static class AuditSearch
{
    /// <summary>How far the clocks of instances that write to one part may differ.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromMinutes(5);

    /// <summary>Finds the place before all entries of a time and later.</summary>
    public static async Task<AuditCursor> FirstAsync(
        ILogStore logs, string? runId, DateTimeOffset since, CancellationToken cancellationToken)
    {
        (string? Shard, long Position)[] parts = await Task.WhenAll(PartsOf(runId).Select(async shard =>
        {
            string stream = AuditShards.StreamOf(shard);
            return (shard, await FirstOfAsync(logs, stream, since - Slack, cancellationToken).ConfigureAwait(false));
        })).ConfigureAwait(false);
        return AuditCursor.Of(parts);
    }

    /// <summary>Finds the place so many entries before the end of each part.</summary>
    /// <returns>
    /// The place, and the time from which on all entries lie behind it; <see langword="null"/> if all there are do.
    /// </returns>
    public static async Task<(AuditCursor Place, DateTimeOffset? Complete)> LastAsync(
        ILogStore logs, string? runId, int each, CancellationToken cancellationToken)
    {
        (string? Shard, long Start, DateTimeOffset? At)[] parts = await Task.WhenAll(PartsOf(runId).Select(async shard =>
        {
            string stream = AuditShards.StreamOf(shard);
            long start = Math.Max(0, await logs.GetLengthAsync(stream, cancellationToken).ConfigureAwait(false) - each);
            return (shard, start, start == 0
                ? null
                : await TimeAsync(logs, stream, start, cancellationToken).ConfigureAwait(false));
        })).ConfigureAwait(false);
        return (AuditCursor.Of(parts.Select(static part => (part.Shard, part.Start))), parts.Max(static part => part.At) + Slack);
    }

    private static IEnumerable<string?> PartsOf(string? runId) =>
        (runId is null ? AuditShards.OfRuns : AuditShards.OfRun(runId)).Prepend(null);

    private static async Task<long> FirstOfAsync(
        ILogStore logs, string stream, DateTimeOffset since, CancellationToken cancellationToken)
    {
        (long low, long high) = (0, await logs.GetLengthAsync(stream, cancellationToken).ConfigureAwait(false));
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            DateTimeOffset? at = await TimeAsync(logs, stream, middle, cancellationToken).ConfigureAwait(false);
            (low, high) = at is null || at >= since ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    /// <summary>The time of the entry at a position, or of the first one behind it that is still there.</summary>
    private static async Task<DateTimeOffset?> TimeAsync(
        ILogStore logs, string stream, long position, CancellationToken cancellationToken)
    {
        await foreach (LogEntry line in logs.ReadAsync(stream, position, 1, cancellationToken).ConfigureAwait(false))
        {
            return AuditLine.Read(line.Data).At;
        }

        return null;
    }
}
