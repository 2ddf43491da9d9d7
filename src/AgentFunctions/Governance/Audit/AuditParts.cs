using System.Runtime.CompilerServices;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>Reads the whole audit log as it is stored: the chain of heads, the host's own part, then each shard.</summary>
internal static class AuditParts
{
    private const int AtOnce = 16;

    /// <summary>Gets the parts but for the chain of heads, in the order in which they are read and exported.</summary>
    public static IReadOnlyList<string?> InOrder { get; } = [null, .. AuditShards.OfRuns];

    /// <summary>
    /// Reads all entries. What instances add meanwhile is left out, in such a way that the parts fit each other.
    /// </summary>
    /// <param name="logs">The store.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public static async IAsyncEnumerable<AuditPartLine> ReadAsync(ILogStore logs,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A part names the chain of heads as far as it had grown before: so its length is taken first. The chain of heads names
        // parts as far as they had grown before: so what it names is read even where it lies behind that length.
        Dictionary<string, long> ends = await LengthsAsync(logs, cancellationToken).ConfigureAwait(false);
        await foreach (LogEntry line in logs.ReadAsync(AuditShards.StreamOf(AuditShards.Heads), 0, null, cancellationToken)
            .ConfigureAwait(false))
        {
            foreach (AuditHead head in (AuditLine.TryRead(line.Data)?.Heads ?? []).Where(static head => head is not null))
            {
                string shard = head.Shard ?? "";
                ends[shard] = Math.Max(ends.GetValueOrDefault(shard), head.Count);
            }

            yield return new AuditPartLine(AuditShards.Heads, line.Data);
        }

        foreach (string? shard in InOrder.Where(shard => ends[shard ?? ""] > 0))
        {
            await foreach (LogEntry line in logs.ReadAsync(AuditShards.StreamOf(shard), 0, null, cancellationToken)
                .ConfigureAwait(false))
            {
                if (line.Position >= ends[shard ?? ""])
                {
                    break;
                }

                yield return new AuditPartLine(shard, line.Data);
            }
        }
    }

    private static async Task<Dictionary<string, long>> LengthsAsync(ILogStore logs, CancellationToken cancellationToken)
    {
        var ends = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (string?[] shards in InOrder.Chunk(AtOnce))
        {
            long[] lengths = await Task.WhenAll(shards.Select(shard => logs.GetLengthAsync(AuditShards.StreamOf(shard),
                cancellationToken)))
                .ConfigureAwait(false);
            for (int i = 0; i < shards.Length; i++)
            {
                ends[shards[i] ?? ""] = lengths[i];
            }
        }

        return ends;
    }
}

/// <summary>An entry as it is stored, and the part that it was found in.</summary>
/// <param name="Shard">The part; <see langword="null"/> for the host's own.</param>
/// <param name="Line">The entry.</param>
internal readonly record struct AuditPartLine(string? Shard, ReadOnlyMemory<byte> Line);
