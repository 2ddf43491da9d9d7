using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>
/// Deletes the folder of a tree, if it has one of its own. Forks work in the folder of the run that they come from: the last one
/// takes it along.
/// </summary>
internal sealed class WorkspacePhase(TreeContents contents, ErasedRuns erased, IOptions<RunOptions> options) : IErasePhase
{
    public const string Name = "workspace";

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        if (await contents.RunMemberAsync(input.Root, "workspace", cancellationToken).ConfigureAwait(false) is not { } folder
            || !Directory.Exists(folder) || !await IsOwnAsync(input.Root, folder, cancellationToken).ConfigureAwait(false))
        {
            return new EraseProgress();
        }

        ErasedRun? mark = await erased.FindAsync(input.Root, cancellationToken).ConfigureAwait(false);
        if (await IsSharedAsync(input.Root, folder, cancellationToken).ConfigureAwait(false))
        {
            if (mark is not null)
            {
                await erased.PutAsync(mark with { SharedWorkspace = folder }, cancellationToken).ConfigureAwait(false);
            }

            return new EraseProgress();
        }

        if (FolderRemoval.Try(folder) is not { } obstacle)
        {
            return new EraseProgress { Counts = new EraseCounts { Others = 1 } };
        }

        if (mark is null)
        {
            return new EraseProgress { HasMore = true, Waits = obstacle };
        }

        // What else there is need not wait for it: the last phase does.
        await erased.PutAsync(mark with { LeftWorkspace = folder }, cancellationToken).ConfigureAwait(false);
        return new EraseProgress();
    }

    /// <summary>Whether the host made the folder for this run, or for one that it is a fork of.</summary>
    private async Task<bool> IsOwnAsync(string root, string folder, CancellationToken cancellationToken)
    {
        string owner = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return RunFolders.IsOwn(options.Value, folder)
            && (owner == root
                || await erased.FindAsync(owner, cancellationToken).ConfigureAwait(false) is not null
                || await contents.RunMemberAsync(owner, "workspace", cancellationToken).ConfigureAwait(false) == folder);
    }

    private async Task<bool> IsSharedAsync(string root, string folder, CancellationToken cancellationToken)
    {
        // Forks are newer than the run whose folder it is, and ids sort newest first.
        await foreach (StoredRecord record in contents.ListAsync(TreeContents.RunKey(""), null, cancellationToken)
            .ConfigureAwait(false))
        {
            string id = record.Key[TreeContents.RunKey("").Length..];
            if (Core.ChildName.RootOf(id) is var other && other != root
                && TreeContents.Member(record.Value, "workspace") == folder
                && await erased.FindAsync(other, cancellationToken).ConfigureAwait(false) is null)
            {
                return true;
            }

            if (string.CompareOrdinal(id, Path.GetFileName(folder) + "~") > 0)
            {
                break;
            }
        }

        return false;
    }
}
