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
    /// <summary>How many changes an entry has at most, so that it is no longer than a store takes.</summary>
    private const int MostChanges = 500;

    /// <summary>Gets whether other processes may write to the log.</summary>
    public bool IsShared => logs.IsShared;

    /// <summary>Adds an entry, in several parts if it is long. Durable on return.</summary>
    public Task AppendAsync(string root, SnapshotEntry entry, CancellationToken cancellationToken) => logs.AppendAsync(
        StreamOf(root),
        [.. Parts(entry).Select(static part => (ReadOnlyMemory<byte>)JsonSerializer.SerializeToUtf8Bytes(part,
            SnapshotsJsonContext.Default.SnapshotEntry))],
        null, cancellationToken);

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

    private static IEnumerable<SnapshotEntry> Parts(SnapshotEntry entry) => entry.Changes.Count <= MostChanges
        ? [entry]
        : entry.Changes.Chunk(MostChanges)
            .Select((changes, number) => entry with { Changes = changes, Skipped = number == 0 ? entry.Skipped : null });
}
