using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Gives a fork its folder: that of the run, or one of its own as that was at the end of the turn.</summary>
internal sealed class ForkFolders(
    FolderSnapshots snapshots, TurnEnds turns, RunFolder folders, RewindReports reports, IOptions<RunOptions> options,
    ProtectedPaths? governing = null)
{
    /// <summary>Determines whether a fork gets a folder of its own.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the runs of this host share a folder.</exception>
    public static bool IsOwn(RunOptions options, RunRecord source, ForkRequest request)
    {
        bool isOwn = source.Workspace is { } folder && RunFolders.IsOwn(options, folder);
        return request.Workspace != ForkFolder.Restore || isOwn || source.Workspace is null
            ? isOwn && request.Workspace != ForkFolder.Share
            : throw new AgentException(
                ErrorCode.InvalidInput,
                "workspace: the runs of this host share a folder; use share, and restore the folder if it shall be as it was.");
    }

    /// <summary>Prepares the folder of a fork that has not begun. Safe to repeat.</summary>
    public async Task PrepareAsync(RunRecord source, RunRecord fork, ForkRequest request, CancellationToken cancellationToken)
    {
        if (request.RestoresFolder)
        {
            var restore = new RestoreRequest(fork.ForkedFrom!.Turn) { Overwrite = request.Overwrites };
            var caller = new Caller(fork.Requester) { Roles = fork.RequesterRoles };
            await reports.OnceAsync(
                RewindReports.Of(fork.Id),
                isPreview => folders.RestoreAsync(source.Id, restore with { DryRun = isPreview }, caller, cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }

        if (IsOwn(options.Value, source, request) && Directory.Exists(source.Workspace) && fork.Workspace is { } own)
        {
            await CopyAsync(source, fork.ForkedFrom!.Turn, own, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CopyAsync(RunRecord source, int turn, string folder, CancellationToken cancellationToken)
    {
        Workspace from = new Workspace(source.Workspace!).Without(governing);
        string root = SnapshotContents.RootOf(source.Id);
        if (snapshots.ModeOf(from.Root) == SnapshotMode.All)
        {
            await snapshots.LookAsync(await snapshots.StateAsync(root, cancellationToken).ConfigureAwait(false), from,
                cancellationToken).ConfigureAwait(false);
        }

        // What an attempt before a crash has left.
        Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        FolderCopy.Copy(from, folder, cancellationToken);
        var history = new FolderHistory(await snapshots.EntriesAsync(root, cancellationToken).ConfigureAwait(false));
        int end = await turns.OfAsync(history, source, turn, cancellationToken).ConfigureAwait(false);
        var targets = history.UndoSince(end)
            .ToDictionary(static undo => undo.Path, static undo => undo.Target, StringComparer.Ordinal);
        await new FolderWriter(new Workspace(folder).Without(governing), snapshots.Contents).ApplyAsync(targets,
            cancellationToken).ConfigureAwait(false);
    }
}
