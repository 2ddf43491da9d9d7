using AgentFunctions.Snapshots;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Gateway.Folders;

/// <summary>What a restore does to each path: brings it back, keeps what others made of it, or leaves it.</summary>
/// <param name="snapshots">Keeps what stands there.</param>
/// <param name="state">What is known of the folder.</param>
/// <param name="workspace">The folder.</param>
/// <param name="isOwn">Whether all that happens in the folder belongs to the tree.</param>
internal sealed class RestorePlan(FolderSnapshots snapshots, FolderState state, Workspace workspace, bool isOwn)
{
    /// <summary>For how many conflicts it is tried whether a merge would resolve them.</summary>
    private const int MostTried = 100;

    /// <summary>Gets what is brought back.</summary>
    public List<FolderChange> Changes { get; } = [];

    /// <summary>Gets how what is brought back was when it was looked at.</summary>
    public Dictionary<string, FolderEntry> Seen { get; } = new(StringComparer.Ordinal);

    /// <summary>Gets what others have changed since.</summary>
    public List<RestoreConflict> Conflicts { get; } = [];

    /// <summary>Gets what cannot be brought back.</summary>
    public List<SkippedPath> Skipped { get; } = [];

    /// <summary>Decides about a path, and keeps what stands there.</summary>
    public async Task AddAsync(FolderUndo undo, RestoreRequest request, CancellationToken cancellationToken)
    {
        FolderEntry present = FolderEntry.Read(workspace, undo.Path);
        if (FileImage.Same(present.Image, undo.Target))
        {
            return;
        }

        string? foreign = undo.Foreign ?? (undo.IsKnown(present.Image) ? null : FolderHistory.Outsider);
        string? other = undo.By ?? (isOwn ? null : foreign);
        if (other is null && request.OnlyConflicts)
        {
            return;
        }

        ConflictChoice? choice = other is null ? ConflictChoice.Restore : request.ChoiceOf(undo.Path);
        if (choice == ConflictChoice.Keep)
        {
            return;
        }

        FolderEntry? merged = choice == ConflictChoice.Restore || (choice is null && Conflicts.Count >= MostTried)
            ? null : await UndoneMerge.OfAsync(snapshots.Contents, undo, present, cancellationToken).ConfigureAwait(false);
        if (choice is null || (choice == ConflictChoice.Merge && merged is null))
        {
            Conflicts.Add(new RestoreConflict(undo.Path, other!, present.Image, undo.Target)
            {
                IsMergeable = merged is not null,
            });
        }
        else if (merged is null && undo.Target is { NotKept: true })
        {
            Skipped.Add(new SkippedPath(undo.Path, "its content was not kept"));
        }
        else if (await TryKeepAsync(undo.Path, present, request.DryRun, cancellationToken).ConfigureAwait(false) is { } image
            && (merged is null || request.DryRun
                || await TryKeepAsync(undo.Path, merged, false, cancellationToken).ConfigureAwait(false) is not null))
        {
            Changes.Add(new FolderChange(undo.Path, image.Present, merged is null ? undo.Target : merged.Image));
            // Without the content, which is kept.
            Seen[undo.Path] = new FolderEntry(present.Image, present.Look);
        }
    }

    /// <summary>Keeps what stands at a path, or shall stand there; <see langword="null"/> if there is no room for it.</summary>
    private async Task<Kept?> TryKeepAsync(string path, FolderEntry entry, bool isDryRun, CancellationToken cancellationToken)
    {
        (FileImage? image, string? why, Task kept) = isDryRun
            ? (entry.Image, entry.Why, Task.CompletedTask)
            : snapshots.Keep(state, entry, cancellationToken);
        await kept.ConfigureAwait(false);
        if (image is not { NotKept: true })
        {
            return new Kept(image);
        }

        Skipped.Add(new SkippedPath(path, $"what stands there cannot be kept ({why}), so it is left"));
        return null;
    }

    private sealed record Kept(FileImage? Present);
}
