using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Snapshots;

/// <summary>
/// The log of what became of the folder of a run tree, under the root of the tree: it is sealed and erased with the tree.
/// </summary>
internal sealed class SnapshotLog(ILogStore logs)
{
    /// <summary>How long an entry is at most, in bytes; a store takes 1 MiB.</summary>
    private const int MostBytes = 256 * 1024;

    /// <summary>Gets whether other processes may write to the log.</summary>
    public bool IsShared => logs.IsShared;

    /// <summary>Adds entries, in several parts if they are long. Durable on return.</summary>
    public Task AppendAsync(string root, IReadOnlyList<SnapshotEntry> entries, CancellationToken cancellationToken) =>
        logs.AppendAsync(StreamOf(root), [.. entries.SelectMany(Parts)], null, cancellationToken);

    /// <summary>Reads the entries from a number on.</summary>
    public async IAsyncEnumerable<SnapshotEntry> ReadAsync(string root, long from,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (LogEntry entry in logs.ReadAsync(StreamOf(root), from, null, cancellationToken).ConfigureAwait(false))
        {
            yield return JsonSerializer.Deserialize(entry.Data.Span,
                SnapshotsJsonContext.Default.SnapshotEntry)! with
            { Seq = entry.Position };
        }
    }

    /// <summary>Finds the hashes of contents in an entry as it is stored: what is sealed in it need not be opened.</summary>
    public static IEnumerable<string> HashesIn(ReadOnlyMemory<byte> entry)
    {
        const int Length = 64;
        byte[] name = Encoding.ASCII.GetBytes("\"hash\":\"");
        int at = 0;
        while (entry.Span[at..].IndexOf(name) is var found and >= 0)
        {
            at += found + name.Length;
            if (at + Length <= entry.Length)
            {
                yield return Encoding.ASCII.GetString(entry.Span.Slice(at, Length));
            }
        }
    }

    private static string StreamOf(string root) => $"{RunNames.Snapshots}/{root}";

    private static IReadOnlyList<ReadOnlyMemory<byte>> Parts(SnapshotEntry entry)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(entry, SnapshotsJsonContext.Default.SnapshotEntry);
        IReadOnlyList<SkippedPath> skipped = entry.Skipped ?? [];
        if (json.Length <= MostBytes || (entry.Changes.Count <= 1 && skipped.Count <= 1))
        {
            return [json];
        }

        (int changes, int paths) = ((entry.Changes.Count + 1) / 2, (skipped.Count + 1) / 2);
        return
        [
            .. Parts(Part(entry.Changes.Take(changes), skipped.Take(paths))),
            .. Parts(Part(entry.Changes.Skip(changes), skipped.Skip(paths))),
        ];

        SnapshotEntry Part(IEnumerable<FolderChange> some, IEnumerable<SkippedPath> left) =>
            entry with { Changes = [.. some], Skipped = left.Any() ? [.. left] : null };
    }
}
