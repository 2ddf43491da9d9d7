using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>
/// Keeps what one call changes in the folder. The tools that write by name tell it, within their lock on the file.
/// </summary>
/// <param name="snapshots">Where it is kept.</param>
/// <param name="workspace">The folder.</param>
/// <param name="place">The call.</param>
/// <param name="writes">The paths that the call writes; <see langword="null"/> for a command.</param>
internal sealed class CallCapture(FolderSnapshots snapshots, Workspace workspace, CallPlace place, IReadOnlyList<string>? writes)
{
    /// <summary>How something looked in an earlier process: it looks like nothing.</summary>
    private static readonly EntryLook Unknown = new() { Number = ulong.MaxValue };

    private readonly Dictionary<string, FolderEntry> _before = new(StringComparer.Ordinal);
    private readonly string _root = SnapshotContents.RootOf(place.Run);
    private IReadOnlyList<FolderChange> _entered = [];
    private FolderState? _state;
    private bool _isTakenUp;
    private long? _follows;

    /// <summary>Reads what is known of the folder, so that <see cref="BeginAsync"/> writes without waiting.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken) =>
        _state = snapshots.IsShared ? null : await snapshots.StateAsync(_root, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Keeps what stands where the call is about to write, or goes through the folder before a command. Durable on return.
    /// </summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        _state ??= await snapshots.StateAsync(_root, cancellationToken).ConfigureAwait(false);
        if (writes is null)
        {
            await snapshots.LookAsync(_state, workspace, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await CaptureAsync(_state, writes.SelectMany(WithNewFolders), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes up the capture of a call that a crash cut off.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        _state = await snapshots.StateAsync(_root, cancellationToken).ConfigureAwait(false);
        _isTakenUp = true;
        if (_state.Begun(place.Key) is not { } begun)
        {
            IReadOnlyList<SnapshotEntry> entries = writes is null
                ? []
                : await snapshots.EntriesAsync(_root, cancellationToken).ConfigureAwait(false);
            _entered = [.. entries.Where(entry => entry.CallKey == place.Key && entry.Kind == SnapshotKind.Call)
                .SelectMany(static entry => entry.Changes)];
            return;
        }

        _follows = begun.Seq;
        foreach (FolderChange change in begun.Changes)
        {
            _before[change.Path] = new FolderEntry(change.Before, Unknown);
        }
    }

    /// <summary>
    /// Determines whether something else stands at a path than the call found there, or has entered that it wrote.
    /// </summary>
    /// <param name="fullPath">The path of a call that was taken up.</param>
    public bool IsChanged(string fullPath)
    {
        string path = workspace.Relative(fullPath);
        FolderChange? written = _entered.LastOrDefault(change => change.Path == path);
        FileImage? expected = _before.TryGetValue(path, out FolderEntry? before) ? before.Image : written?.After;
        return (before is not null || written is not null)
            && !FileImage.Same(FolderEntry.Read(workspace, path).Image, expected);
    }

    /// <summary>Notes that a command starts.</summary>
    public void Enter()
    {
        if (writes is null)
        {
            _state!.BeginCommand(place.Key);
        }
    }

    /// <summary>Notes that a command has ended and was told of.</summary>
    public void Leave()
    {
        if (writes is null)
        {
            _state!.EndCommand(place.Key);
        }
    }

    /// <summary>
    /// Makes a write: what stands there was kept before, and what was written is entered before the lock on the file is left.
    /// </summary>
    /// <param name="fullPath">The file.</param>
    /// <param name="content">What is written.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="cancellationToken">The token to cancel the wait; not once it is written.</param>
    public async Task WriteAsync(string fullPath, ReadOnlyMemory<byte> content, Action write, CancellationToken cancellationToken)
    {
        FolderState state = _state ??= await snapshots.StateAsync(_root, cancellationToken).ConfigureAwait(false);
        string path = workspace.Relative(fullPath);
        if (_follows is not null)
        {
            // What the call wrote before the crash is a change of its own.
            await EnterAsync(state, [.. _before.Keys], null, default, isCertain: true).ConfigureAwait(false);
            _follows = null;
        }

        List<string> paths = [.. WithNewFolders(path)];
        if (paths.Any(one => !_before.TryGetValue(one, out FolderEntry? before)
            || before.Look != EntryLook.Of(Path.Join(workspace.Root, one))))
        {
            // Somebody else wrote there since, or it is another file than the arguments named.
            await CaptureAsync(state, paths, cancellationToken).ConfigureAwait(false);
        }

        paths = [.. paths.Union(_before.Keys.Where(IsAbove))];
        paths.ForEach(state.BeginWrite);
        try
        {
            write();
            await EnterAsync(state, paths, path, content, isCertain: true).ConfigureAwait(false);
        }
        finally
        {
            paths.ForEach(state.EndWrite);
        }

        bool IsAbove(string folder) => path.StartsWith(folder + "/", StringComparison.Ordinal);
    }

    /// <summary>Enters what the call changed and has not told of itself: a command, or a write that a crash cut off.</summary>
    /// <param name="isDone">
    /// Whether the call did what it was asked. One that was taken up and did not may not have made what is found.
    /// </param>
    /// <param name="cancellationToken">The token to cancel it.</param>
    public async Task FinishAsync(bool isDone, CancellationToken cancellationToken)
    {
        FolderState state = _state!;
        if (writes is null)
        {
            await snapshots.LookAfterAsync(state, workspace, place, _isTakenUp, cancellationToken).ConfigureAwait(false);
        }
        else if (_before.Count > 0)
        {
            await EnterAsync(state, [.. _before.Keys], null, default, isDone || !_isTakenUp).ConfigureAwait(false);
        }
    }

    /// <summary>Keeps what stands at paths, and enters it before anything is written there.</summary>
    private async Task CaptureAsync(FolderState state, IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        var keeping = new List<Task>();
        var changes = new List<FolderChange>();
        using IDisposable group = snapshots.Group();
        foreach (string path in paths.Distinct().ToList())
        {
            FolderEntry entry = Look(state, path);
            (FileImage? image, _, Task kept) = snapshots.Keep(state, entry, cancellationToken);
            keeping.Add(kept);
            changes.Add(new FolderChange(path, image, null));
            _before[path] = new FolderEntry(image, entry.Look);
        }

        if (changes.Count > 0)
        {
            SnapshotEntry begun = snapshots.EntryOf(place, changes, null, SnapshotKind.Begun);
            keeping.Add(snapshots.AppendAsync(state, begun, cancellationToken));
            group.Dispose();
            await Task.WhenAll(keeping).ConfigureAwait(false);
        }
    }

    private async Task EnterAsync(
        FolderState state, IReadOnlyList<string> paths, string? written, ReadOnlyMemory<byte> content, bool isCertain)
    {
        var changes = new List<FolderChange>();
        var skipped = new List<SkippedPath>();
        var keeping = new List<Task>();
        using IDisposable group = snapshots.Group();
        foreach (string path in paths)
        {
            if (written is null && _before.TryGetValue(path, out FolderEntry? untouched)
                && untouched.Look == EntryLook.Of(Path.Join(workspace.Root, path)))
            {
                continue;
            }

            FolderEntry entry = path == written && content.Length <= FolderBounds.File
                ? Written(path, content)
                : FolderEntry.Read(workspace, path);
            FileImage? before = _before.Remove(path, out FolderEntry? known) ? known.Image : null;
            FileImage? later = written is null && _follows is { } seq
                ? await LaterAsync(state, path, seq).ConfigureAwait(false)
                : null;
            if (FileImage.Same(before, later ?? entry.Image))
            {
                continue;
            }

            (FileImage? image, string? why, Task kept) = later is null
                ? snapshots.Keep(state, entry, CancellationToken.None)
                : (later, null, Task.CompletedTask);
            keeping.Add(kept);
            changes.Add(new FolderChange(path, before, image) { By = isCertain ? null : [place.Key] });
            if (why is not null || before is { NotKept: true })
            {
                skipped.Add(new SkippedPath(path,
                    why ?? "what stood there before was not kept: it is too large, or cannot be read"));
            }

            if (later is null)
            {
                state.Set(path, image, entry.Look);
            }
        }

        if (changes.Count > 0)
        {
            SnapshotEntry done = snapshots.EntryOf(place, changes, skipped) with
            {
                Follows = written is null ? _follows : null,
                IsTakenUp = !isCertain,
            };
            keeping.Add(snapshots.AppendAsync(state, done, CancellationToken.None));
            group.Dispose();
            await Task.WhenAll(keeping).ConfigureAwait(false);
        }
    }

    /// <summary>What stood at a path after the call, if others have written there before it was taken up again.</summary>
    private async Task<FileImage?> LaterAsync(FolderState state, string path, long seq)
    {
        IReadOnlyList<SnapshotEntry> entries = await snapshots.EntriesAsync(state.Root, CancellationToken.None)
            .ConfigureAwait(false);
        return entries.Where(entry => entry.Seq > seq && entry.Kind != SnapshotKind.Begun && entry.Follows is null)
            .SelectMany(static entry => entry.Changes).FirstOrDefault(change => change.Path == path)?.Before;
    }

    private FolderEntry Written(string path, ReadOnlyMemory<byte> content) => FolderEntry.Of(workspace, path, content.ToArray());

    /// <summary>What stands at a path; its content is read only if it does not look as it did when it was kept.</summary>
    private FolderEntry Look(FolderState state, string path)
    {
        EntryLook look = EntryLook.Of(Path.Join(workspace.Root, path));
        return state.Find(path) is { } known && known.Look == look && known.Image is { NotKept: false } image
            && (image.Hash is null || state.IsKept(image.Hash))
            ? new FolderEntry(image, look)
            : FolderEntry.Read(workspace, path);
    }

    /// <summary>A path, after the folders above it that are not there yet.</summary>
    private IEnumerable<string> WithNewFolders(string path)
    {
        var folders = new Stack<string>();
        for (string above = path; above.LastIndexOf('/') is var slash and > 0;)
        {
            above = above[..slash];
            if (EntryLook.Of(Path.Join(workspace.Root, above)).Kind != EntryKind.Missing)
            {
                break;
            }

            folders.Push(above);
        }

        return [.. folders, path];
    }
}
