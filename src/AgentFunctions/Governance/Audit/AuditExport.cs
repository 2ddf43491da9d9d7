using System.Runtime.CompilerServices;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Exports the audit log as a file, with one entry per line as it is stored, and signatures on lines of their own. The chain of
/// heads comes first, then the entries of the host, then each shard.
/// </summary>
public static class AuditExport
{
    private static readonly ReadOnlyMemory<byte> Break = "\n"u8.ToArray();

    /// <summary>Writes the log of a store to a file.</summary>
    /// <param name="logs">The store.</param>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="cancellationToken">The token to cancel the write.</param>
    /// <returns>How many entries were written, counted as <see cref="AuditVerification.Entries"/> are.</returns>
    public static async Task<long> WriteAsync(ILogStore logs, string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(logs);
        FileStream file = File.Create(path);
        await using (file.ConfigureAwait(false))
        {
            return await WriteAsync(logs, file, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes the log of a store, which may be in use; what is added meanwhile is left out.</summary>
    /// <param name="logs">The store.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">The token to cancel the write.</param>
    /// <returns>How many entries were written, counted as <see cref="AuditVerification.Entries"/> are.</returns>
    public static async Task<long> WriteAsync(ILogStore logs, Stream output, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(logs);
        ArgumentNullException.ThrowIfNull(output);
        long count = 0;
        await foreach (AuditPartLine entry in AuditParts.ReadAsync(logs, cancellationToken).ConfigureAwait(false))
        {
            await output.WriteAsync(entry.Line, cancellationToken).ConfigureAwait(false);
            await output.WriteAsync(Break, cancellationToken).ConfigureAwait(false);
            // The chain of heads has none that counts, and shards no other: only the host's own part has to be looked into.
            count += entry.Shard switch
            {
                AuditShards.Heads => 0,
                null => Counts(entry.Line) ? 1 : 0,
                _ => 1,
            };
        }

        return count;
    }

    /// <summary>Counts the entries of a file, as <see cref="AuditVerification.Entries"/> does.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public static async Task<long> CountAsync(string path, CancellationToken cancellationToken = default) =>
        await ReadAsync(path, cancellationToken).LongCountAsync(Counts, cancellationToken).ConfigureAwait(false);

    /// <summary>Reads the entries of a file back, as they were stored.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        byte[] bytes = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        int start = 0;
        while (start < bytes.Length)
        {
            int end = LineEnd(bytes, start);
            // A signature belongs to the entry above it.
            if (end < bytes.Length && bytes.AsSpan(end + 1).StartsWith("{\"kid\":"u8))
            {
                end = LineEnd(bytes, end + 1);
            }

            yield return bytes.AsMemory(start, end - start);
            start = end + 1;
        }
    }

    private static bool Counts(ReadOnlyMemory<byte> line) => AuditLine.TryRead(line) is not { JoinsParts: true };

    private static int LineEnd(byte[] bytes, int from)
    {
        int at = bytes.AsSpan(from).IndexOf(Break.Span);
        return at < 0 ? bytes.Length : from + at;
    }
}
