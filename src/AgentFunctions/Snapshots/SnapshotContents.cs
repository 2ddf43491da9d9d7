using AgentFunctions.Core;
using AgentFunctions.Records;
using AgentFunctions.Storage;

namespace AgentFunctions.Snapshots;

/// <summary>Keeps the contents of files by their hashes, as long as a tree refers to them.</summary>
internal sealed class SnapshotContents(IBlobStore blobs, IRecordStore records, ContentRefs refs)
{
    /// <summary>Keeps a content for a tree. Durable on return.</summary>
    public async Task KeepAsync(string root, string hash, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Task referred = refs.AddAsync(hash, root, cancellationToken);
        if (records.IsShared)
        {
            // Who deletes looks for references last; one process writes in the order in which it is handed over.
            await referred.ConfigureAwait(false);
        }

        await Task.WhenAll(referred, blobs.PutAsync(content, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Reads a content; <see langword="null"/> if it is gone.</summary>
    public Task<ReadOnlyMemory<byte>?> ReadAsync(string hash, CancellationToken cancellationToken) =>
        blobs.GetAsync(hash, cancellationToken);

    /// <summary>Gets the hash of a content.</summary>
    public static string HashOf(ReadOnlySpan<byte> content) => ContentRefs.HashOf(content);

    /// <summary>Gets the root of the tree of a run.</summary>
    public static string RootOf(string runId) => ChildName.RootOf(runId);
}
