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
    /// <summary>Gets what is brought back.</summary>
    public List<FolderChange> Changes { get; } = [];

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

        bool isForeign = !isOwn && (undo.IsForeign || !FileImage.Same(present.Image, undo.Last));
        string? other = undo.By ?? (isForeign ? FolderHistory.Outsider : null);
        if (other is not null && !request.Overwrite)
        {
            Conflicts.Add(new RestoreConflict(undo.Path, other, present.Image, undo.Target));
        }
        else if (undo.Target is { NotKept: true })
        {
            Skipped.Add(new SkippedPath(undo.Path, "its content was not kept"));
        }
        else
        {
            await KeepAsync(undo, present, request.DryRun, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task KeepAsync(FolderUndo undo, FolderEntry present, bool isDryRun, CancellationToken cancellationToken)
    {
        (FileImage? image, string? why, Task kept) = isDryRun
            ? (present.Image, present.Why, Task.CompletedTask)
            : snapshots.Keep(state, present, cancellationToken);
        await kept.ConfigureAwait(false);
        if (image is { NotKept: true })
        {
            Skipped.Add(new SkippedPath(undo.Path, $"what stands there cannot be kept ({why}), so it is left"));
        }
        else
        {
            Changes.Add(new FolderChange(undo.Path, image, undo.Target));
        }
    }
}
