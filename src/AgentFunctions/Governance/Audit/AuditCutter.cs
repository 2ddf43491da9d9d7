using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Deletes the oldest entries of the log, part by part. A signed entry of the chain of heads says first up to where, so that the rest is
/// still a whole log; after a crash in between the entries are there, which is no fault.
/// </summary>
internal sealed class AuditCutter(ILogStore logs, AuditChain heads)
{
    /// <summary>Deletes what is older than a moment.</summary>
    /// <param name="before">The moment.</param>
    /// <param name="cancellationToken">The token to stop.</param>
    /// <returns>How many entries were deleted.</returns>
    public async Task<long> CutAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        long count = 0;
        foreach (string? shard in AuditParts.InOrder)
        {
            string stream = AuditShards.StreamOf(shard);
            if (await FindAsync(shard, stream, before, cancellationToken).ConfigureAwait(false) is not (var first, { } cut))
            {
                continue;
            }

            var entry = new AuditEntry(AuditTypes.LogCut) { Cut = cut, Actor = "host", Reason = $"entries before {before.UtcDateTime:yyyy-MM-dd HH:mm}Z" };
            await heads.AppendAsync(entry).WaitAsync(cancellationToken).ConfigureAwait(false);
            await logs.TrimAsync(stream, cut.Count, cancellationToken).ConfigureAwait(false);
            count += cut.Count - first;
        }

        return count;
    }

    /// <summary>Finds the first entry that a part has, and the last that is old enough; the last one of a part always stays.</summary>
    private async Task<(long First, AuditHead? Cut)> FindAsync(string? shard, string stream, DateTimeOffset before, CancellationToken cancellationToken)
    {
        long length = await logs.GetLengthAsync(stream, cancellationToken).ConfigureAwait(false);
        long? first = null;
        AuditHead? cut = null;
        await foreach (LogEntry line in logs.ReadAsync(stream, 0, null, cancellationToken).ConfigureAwait(false))
        {
            first ??= line.Position;
            if (line.Position >= length - 1 || AuditLine.TryRead(line.Data) is not { } entry || entry.At >= before)
            {
                break;
            }

            cut = new AuditHead(shard, line.Position + 1, AuditLine.HashOf(line.Data.Span));
        }

        return (first ?? 0, cut);
    }
}
