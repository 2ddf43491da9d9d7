using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Deletes the oldest entries of the log, part by part. A signed entry of the chain of heads says first up to where, so that the
/// rest is still a whole log; after a crash in between the entries are there, which is no fault.
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
            long first = await FirstAsync(stream, cancellationToken).ConfigureAwait(false);
            if (await FindAsync(shard, stream, first, before, cancellationToken).ConfigureAwait(false) is not { } cut)
            {
                continue;
            }

            var entry = new AuditEntry(AuditTypes.LogCut)
            {
                Cut = cut,
                Actor = "host",
                Reason = $"entries before {before.UtcDateTime:yyyy-MM-dd HH:mm}Z"
            };
            await heads.AppendAsync(entry).WaitAsync(cancellationToken).ConfigureAwait(false);
            await logs.TrimAsync(stream, cut.Count, cancellationToken).ConfigureAwait(false);
            count += cut.Count - first;
        }

        return count;
    }

    private async Task<long> FirstAsync(string stream, CancellationToken cancellationToken)
    {
        await foreach (LogEntry line in logs.ReadAsync(stream, 0, 1, cancellationToken).ConfigureAwait(false))
        {
            return line.Position;
        }

        return 0;
    }

    /// <summary>
    /// Finds the last entry of a part that is old enough and that the store can delete with all before it, so that nothing is
    /// said to be cut that stays; the last one of a part always does.
    /// </summary>
    /// <returns>The place; <see langword="null"/> if nothing goes.</returns>
    private async Task<AuditHead?> FindAsync(string? shard, string stream, long first, DateTimeOffset before,
        CancellationToken cancellationToken)
    {
        long length = await logs.GetLengthAsync(stream, cancellationToken).ConfigureAwait(false);
        long most = await logs.FindTrimAsync(stream, length - 1, cancellationToken).ConfigureAwait(false);
        var old = new List<AuditHead>();
        // Where nothing can go, nothing is read.
        await foreach (LogEntry line in logs.ReadAsync(stream, first, most <= first ? 0 : null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (line.Position >= most || AuditLine.TryRead(line.Data) is not { } entry || entry.At >= before)
            {
                break;
            }

            old.Add(new AuditHead(shard, line.Position + 1, AuditLine.HashOf(line.Data.Span)));
        }

        long goes = old.Count == 0 ? 0 : await logs.FindTrimAsync(stream, old[^1].Count, cancellationToken).ConfigureAwait(false);
        return old.FindLast(head => head.Count <= goes);
    }
}
