using System.Runtime.CompilerServices;
using System.Text;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>Reads the entries of several parts of the audit log as one list, oldest first.</summary>
internal static class AuditReader
{
    /// <summary>Reads from a place on.</summary>
    /// <param name="logs">The store.</param>
    /// <param name="seal">Opens sealed texts; <see langword="null"/> to leave them sealed.</param>
    /// <param name="runId">
    /// Only the entries of this run, and of the tree below it if it is a root; <see langword="null"/> for all.
    /// </param>
    /// <param name="after">The place.</param>
    /// <param name="filter">Only the entries that match; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public static async IAsyncEnumerable<AuditEntry> ReadAsync(
        ILogStore logs, AuditSeal? seal, string? runId, AuditCursor after, AuditFilter? filter,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<IReadOnlyList<byte[]>> sought = [.. filter?.Marks() ?? [], .. runId is null ? [] : Sought(runId)];
        IReadOnlyList<string> shards = runId is null ? AuditShards.OfRuns : AuditShards.OfRun(runId);
        IAsyncEnumerator<AuditEntry>[] parts = [.. shards.Prepend(null).Select(shard =>
            PartAsync(logs, shard, runId, after.Of(shard), filter, sought, cancellationToken)
                .GetAsyncEnumerator(cancellationToken))];
        try
        {
            bool[] began = await Task.WhenAll(parts.Select(static part => part.MoveNextAsync().AsTask())).ConfigureAwait(false);
            var next = new PriorityQueue<int, (DateTimeOffset At, int Part)>();
            for (int part = 0; part < parts.Length; part++)
            {
                if (began[part])
                {
                    next.Enqueue(part, (parts[part].Current.At, part));
                }
            }

            while (next.TryDequeue(out int part, out _))
            {
                AuditEntry entry = parts[part].Current;
                yield return seal is null ? entry : await seal.OpenAsync(entry, cancellationToken).ConfigureAwait(false);
                if (await parts[part].MoveNextAsync().ConfigureAwait(false))
                {
                    next.Enqueue(part, (parts[part].Current.At, part));
                }
            }
        }
        finally
        {
            foreach (IAsyncEnumerator<AuditEntry> part in parts)
            {
                await part.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static IReadOnlyList<byte[]>[] Sought(string runId) => [[Encoding.UTF8.GetBytes(runId)]];

    private static bool HasOne(ReadOnlySpan<byte> line, IReadOnlyList<byte[]> marks)
    {
        foreach (byte[] mark in marks)
        {
            if (line.IndexOf(mark) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static async IAsyncEnumerable<AuditEntry> PartAsync(
        ILogStore logs, string? shard, string? runId, long from, AuditFilter? filter, IReadOnlyList<IReadOnlyList<byte[]>> sought,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (LogEntry line in logs.ReadAsync(AuditShards.StreamOf(shard), from, null, cancellationToken)
            .ConfigureAwait(false))
        {
            // A search is many times faster than reading each entry of the runs that share the part.
            if (!sought.All(marks => HasOne(line.Data.Span, marks)))
            {
                continue;
            }

            AuditEntry entry = AuditLine.Read(line.Data);
            if ((runId is null || entry.RunId == runId || entry.RootId == runId) && filter?.Matches(entry) != false)
            {
                yield return entry;
            }
        }
    }
}
