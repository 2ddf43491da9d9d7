using AgentFunctions.Snapshots;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Takes the changes of a run out of a text that others have changed since, the newest first.</summary>
internal static class UndoneMerge
{
    /// <summary>Merges.</summary>
    /// <param name="contents">The contents of the changes.</param>
    /// <param name="undo">The changes.</param>
    /// <param name="present">What stands there.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <returns>
    /// The merged file; <see langword="null"/> if the changes touch the same lines, or it is not a text that was kept.
    /// </returns>
    public static async Task<FolderEntry?> OfAsync(
        SnapshotContents contents, FolderUndo undo, FolderEntry present, CancellationToken cancellationToken)
    {
        byte[]? text = present.Content;
        foreach (FolderChange step in undo.Steps.Reverse())
        {
            text = text is not null
                && await ReadAsync(step.After).ConfigureAwait(false) is { } after
                && await ReadAsync(step.Before).ConfigureAwait(false) is { } before
                ? LineMerge.Merge(after, text, before)
                : null;
        }

        return text is null || undo.Steps.Count == 0 ? null : FolderEntry.Of(text, present.Image?.Mode);

        Task<ReadOnlyMemory<byte>?> ReadAsync(FileImage? image) => image is { Hash: { } hash, NotKept: false }
            ? contents.ReadAsync(hash, cancellationToken)
            : Task.FromResult<ReadOnlyMemory<byte>?>(null);
    }
}
