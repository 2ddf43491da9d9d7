using System.Buffers;
using System.IO.Pipelines;
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
        FileStream file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            byte[]? entry = null;
            await foreach (byte[] line in LinesAsync(PipeReader.Create(file), cancellationToken).ConfigureAwait(false))
            {
                // A signature belongs to the entry above it.
                if (entry is not null && line.AsSpan().StartsWith("{\"kid\":"u8))
                {
                    yield return (byte[])[.. entry, .. Break.Span, .. line];
                    entry = null;
                    continue;
                }

                if (entry is not null)
                {
                    yield return entry;
                }

                entry = line;
            }

            if (entry is not null)
            {
                yield return entry;
            }
        }
    }

    /// <summary>Reads line after line: the log of a host that ran for months is larger than an array may be.</summary>
    private static async IAsyncEnumerable<byte[]> LinesAsync(
        PipeReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool isOver = false;
        while (!isOver)
        {
            ReadResult read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> rest = read.Buffer;
            while (rest.PositionOf(Break.Span[0]) is { } end)
            {
                yield return rest.Slice(0, end).ToArray();
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            isOver = read.IsCompleted;
            if (isOver && !rest.IsEmpty)
            {
                yield return rest.ToArray();
                rest = rest.Slice(rest.End);
            }

            reader.AdvanceTo(rest.Start, rest.End);
        }

        await reader.CompleteAsync().ConfigureAwait(false);
    }

    private static bool Counts(ReadOnlyMemory<byte> line) => AuditLine.TryRead(line) is not { JoinsParts: true };
}
