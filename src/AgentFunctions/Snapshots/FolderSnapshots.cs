using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Snapshots;

/// <summary>Keeps what the calls of runs change in their folders.</summary>
/// <remarks>
/// A call that writes files by name says before it writes what stands there, in the commit that enters the call as begun, and
/// afterwards what it wrote. Before and after a command the folder is gone through, and what looks as it did is not read.
/// </remarks>
internal sealed class FolderSnapshots(
    SnapshotLog log, SnapshotContents contents, IWriteGroups groups, IOptions<RunOptions> options, TimeProvider time)
{
    /// <summary>How many trees are remembered.</summary>
    private const int MostStates = 256;

    private readonly LruCache<string, FolderState> _states = new(MostStates);
    private readonly Lock _gate = new();

    /// <summary>Gets the contents of the files that were kept.</summary>
    public SnapshotContents Contents => contents;

    /// <summary>Gets whether other processes may write to the logs.</summary>
    public bool IsShared => log.IsShared;

    /// <summary>Gets the clock.</summary>
    public TimeProvider Time => time;

    /// <summary>Gets which changes of a folder are kept.</summary>
    public SnapshotMode ModeOf(string folder) => RunFolders.ModeOf(options.Value, folder);

    /// <summary>Gets whether the host made a folder for its run.</summary>
    public bool IsOwn(string folder) => RunFolders.IsOwn(options.Value, folder);

    /// <summary>Begins the capture of a call; <see langword="null"/> if nothing is kept of what it does.</summary>
    /// <param name="workspace">The folder.</param>
    /// <param name="place">The call.</param>
    /// <param name="writes">The paths that it writes; <see langword="null"/> for a command.</param>
    public CallCapture? Of(Workspace workspace, CallPlace place, IReadOnlyList<string>? writes) => ModeOf(workspace.Root) switch
    {
        SnapshotMode.Off => null,
        SnapshotMode.Writes when writes is null => null,
        _ => new CallCapture(this, workspace, place, writes),
    };

    /// <summary>Gets what is known of the folder of a tree.</summary>
    public async ValueTask<FolderState> StateAsync(string root, CancellationToken cancellationToken)
    {
        FolderState? state;
        lock (_gate)
        {
            if (!_states.TryGet(root, out state))
            {
                _states.Set(root, state = new FolderState(root));
            }
        }

        if (!state.IsRead || log.IsShared)
        {
            await state.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // Who has waited for the read of another must not read on: what calls have set since is newer than their entries.
                if (!state.IsRead || log.IsShared)
                {
                    await ReadAsync(state, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                state.Turn.Release();
            }
        }

        return state;
    }

    /// <summary>Begins writes that become one commit where the stores can do that.</summary>
    public IDisposable Group() => groups.Begin();

    /// <summary>Gets whether the stores can do that.</summary>
    public bool SharesCommits => groups is not SeparateWrites;

    /// <summary>Reads the log of a tree.</summary>
    public async Task<IReadOnlyList<SnapshotEntry>> EntriesAsync(string root, CancellationToken cancellationToken)
    {
        var entries = new List<SnapshotEntry>();
        await foreach (SnapshotEntry entry in log.ReadAsync(root, 0, cancellationToken).ConfigureAwait(false))
        {
            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>Adds an entry to the log of a tree. What is known is read anew if that fails.</summary>
    public Task AppendAsync(FolderState state, SnapshotEntry entry, CancellationToken cancellationToken) =>
        AppendAsync(state, [entry], cancellationToken);

    private async Task AppendAsync(
        FolderState state, IReadOnlyList<SnapshotEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            await log.AppendAsync(state.Root, entries, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Forget(state);
            throw;
        }
    }

    /// <summary>Makes an entry of the present moment.</summary>
    public SnapshotEntry NewEntry(SnapshotKind kind, IReadOnlyList<FolderChange> changes,
        IReadOnlyList<SkippedPath>? skipped = null) =>
        new(kind, time.GetUtcNow()) { Changes = changes, Skipped = skipped is { Count: > 0 } ? skipped : null };

    /// <summary>Makes an entry of what a call changed.</summary>
    public SnapshotEntry EntryOf(
        CallPlace place, IReadOnlyList<FolderChange> changes, IReadOnlyList<SkippedPath>? skipped,
        SnapshotKind kind = SnapshotKind.Call) =>
        NewEntry(kind, changes, skipped) with { Run = place.Run, Turn = place.Turn, Call = place.Call };

    /// <summary>Keeps the content of an entry, as far as there is room.</summary>
    /// <returns>The image, and why its content is not kept.</returns>
    public (FileImage? Image, string? Why, Task Kept) Keep(FolderState state, FolderEntry entry,
        CancellationToken cancellationToken)
    {
        if (entry.Image is not { Hash: { } hash } image)
        {
            return (entry.Image, entry.Why, Task.CompletedTask);
        }

        if (entry.Content is not { } content || state.IsKept(hash))
        {
            return (entry.Image, entry.Why, state.Keeping(hash));
        }

        return state.TryTakeRoom(hash, content.Length)
            ? (image, null, state.Keeping(hash, KeepAsync(state, hash, content, cancellationToken)))
            : (image with { NotKept = true }, FolderBounds.NoRoom, Task.CompletedTask);
    }

    /// <summary>Goes through a folder and enters what was found before a command; for the first time, what is there.</summary>
    public Task LookAsync(FolderState state, Workspace workspace, CancellationToken cancellationToken) => WalkAsync(
        state, workspace, found => NewEntry(SnapshotKind.Found, By(state.Candidates(null), found.Changes), found.Skipped),
        cancellationToken);

    /// <summary>Goes through a folder after a command, and enters what it changed.</summary>
    /// <param name="state">What is known of the folder.</param>
    /// <param name="workspace">The folder.</param>
    /// <param name="place">The command.</param>
    /// <param name="isTakenUp">Whether a crash cut it off, so that others may have made the changes in the meantime.</param>
    /// <param name="cancellationToken">The token to cancel it.</param>
    public async Task LookAfterAsync(
        FolderState state, Workspace workspace, CallPlace place, bool isTakenUp, CancellationToken cancellationToken)
    {
        if (!state.TryWalk(place.Key, time.GetUtcNow()))
        {
            string why = $"there were more than {FolderBounds.WalksPerMinute} commands within a minute: "
                + "what this one changed is entered with a later one";
            SnapshotEntry skipped = EntryOf(place, [], [new SkippedPath(PathNames.Whole, why)]);
            await AppendAsync(state, skipped, cancellationToken).ConfigureAwait(false);
            return;
        }

        await WalkAsync(
            state, workspace, found =>
            {
                IReadOnlyList<string> candidates = state.Candidates(place.Key);
                return EntryOf(place, By(candidates.Count > 1 || isTakenUp ? candidates : [], found.Changes), found.Skipped) with
                {
                    IsTakenUp = isTakenUp,
                };
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forgets what is known of the folder of a tree, so that it is read anew.</summary>
    public void Forget(FolderState state) => _states.Remove(state.Root);

    /// <summary>Goes through a folder and enters what was found: what may have been there before is nobody's change.</summary>
    private async Task WalkAsync(
        FolderState state, Workspace workspace, Func<FolderComparison, SnapshotEntry> entryOf,
        CancellationToken cancellationToken)
    {
        await state.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            bool isFirst = !state.HasBase;
            using IDisposable group = Group();
            FolderComparison found =
                await FolderComparison.MakeAsync(this, state, workspace, group, cancellationToken).ConfigureAwait(false);
            SnapshotEntry entry = isFirst
                ? NewEntry(SnapshotKind.Base, [.. found.Changes, .. found.Appeared], found.Skipped)
                : entryOf(found);
            state.Walked(found.View);
            List<SnapshotEntry> entries = isFirst || entry is not { Changes.Count: 0, Skipped: null } ? [entry] : [];
            if (!isFirst && found.Appeared.Count > 0)
            {
                entries.Add(NewEntry(SnapshotKind.Base, found.Appeared, found.AppearedInWords()));
            }

            if (entries.Count > 0)
            {
                await EnterAsync(state, found, entries, group, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            state.Turn.Release();
        }
    }

    private static IReadOnlyList<FolderChange> By(IReadOnlyList<string> candidates, IReadOnlyList<FolderChange> changes) =>
        candidates.Count == 0 ? changes : [.. changes.Select(change => change with { By = candidates })];

    private async Task EnterAsync(
        FolderState state, FolderComparison found, List<SnapshotEntry> entries, IDisposable group,
        CancellationToken cancellationToken)
    {
        if (log.IsShared)
        {
            // The log never names a content that is not there; what one process hands over together is durable together.
            group.Dispose();
            await found.Kept.ConfigureAwait(false);
        }

        Task appended = AppendAsync(state, entries, cancellationToken);
        group.Dispose();
        await Task.WhenAll(found.Kept, appended).ConfigureAwait(false);
        entries.ForEach(state.Entered);
    }

    private async Task KeepAsync(FolderState state, string hash, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            await contents.KeepAsync(state.Root, hash, content, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Forget(state);
            throw;
        }
    }

    private async Task ReadAsync(FolderState state, CancellationToken cancellationToken)
    {
        await foreach (SnapshotEntry entry in log.ReadAsync(state.Root, state.Next, cancellationToken).ConfigureAwait(false))
        {
            state.Apply(entry);
        }

        state.Read();
    }
}
