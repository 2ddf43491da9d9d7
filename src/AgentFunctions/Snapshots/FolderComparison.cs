using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>
/// What is different in a folder from what is known of it. What is found is known from then on, and its content is kept.
/// </summary>
/// <param name="Changes">What changed.</param>
/// <param name="Skipped">What was not kept.</param>
/// <param name="View">How far was seen.</param>
/// <param name="Kept">Ends when the contents are kept.</param>
internal sealed record FolderComparison(
    IReadOnlyList<FolderChange> Changes, IReadOnlyList<SkippedPath> Skipped, FolderView View, Task Kept)
{
    /// <summary>How many bytes are handed to the store before it is waited for.</summary>
    private const long AtOnce = 32 << 20;

    /// <summary>Gets what is seen for the first time and may have been there before: nobody knows since when.</summary>
    public IReadOnlyList<FolderChange> Appeared { get; private init; } = [];

    /// <summary>Gets words about it: of a folder and what is in it, the folder alone.</summary>
    public IReadOnlyList<SkippedPath> AppearedInWords()
    {
        HashSet<string> paths = [.. Appeared.Select(static change => change.Path)];
        return Named([.. paths.Where(path => !paths.Contains(path[..Math.Max(0, path.LastIndexOf('/'))]))
            .Select(static path => new SkippedPath(path, "it was left out until now: nobody knows since when it is there"))]);
    }

    /// <summary>Goes through a folder. One at a time for each.</summary>
    public static async Task<FolderComparison> MakeAsync(
        FolderSnapshots snapshots, FolderState state, Workspace workspace, IDisposable group, CancellationToken cancellationToken)
    {
        var changes = new List<FolderChange>();
        var appeared = new List<FolderChange>();
        var skipped = new List<SkippedPath>();
        var keeping = new List<Task>();
        long bytes = 0;
        long began = snapshots.Time.GetTimestamp();
        FolderWalk walk = FolderWalk.Make(
            workspace, () => snapshots.Time.GetElapsedTime(began) > FolderBounds.Walk, cancellationToken);
        bool isFull = false;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string path, EntryLook look) in walk.Entries)
        {
            seen.Add(path);
            await CompareAsync(path, look).ConfigureAwait(false);
        }

        // What is known and was passed over: it is gone, or it is ignored now.
        foreach (string path in state.Paths().Where(path => !seen.Contains(path)).Order(StringComparer.Ordinal))
        {
            await CompareAsync(path, EntryLook.Of(Path.Join(workspace.Root, path))).ConfigureAwait(false);
        }

        IEnumerable<SkippedPath> left = walk.Skipped;
        if (isFull)
        {
            walk.View.IsCut = true;
            string why = $"more than {FolderBounds.Entries} entries of the folder are known already; new ones are not looked at";
            left = left.Append(new SkippedPath(PathNames.Whole, why));
        }

        // What was told before and has not changed costs no entry.
        return new FolderComparison(
            changes, [.. Named(skipped), .. left.Where(state.IsNews)], walk.View, Task.WhenAll(keeping))
        {
            Appeared = appeared,
        };

        async Task CompareAsync(string path, EntryLook look)
        {
            KnownEntry? known = state.Find(path);
            if (known?.Look == look || state.IsWritten(path))
            {
                return;
            }

            if (known is null && state.Count >= FolderBounds.Entries)
            {
                isFull = true;
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
            FolderEntry entry = state.HasRoom(look.Size)
                ? FolderEntry.Read(workspace, path)
                : FolderEntry.Unread(workspace, path);
            known = state.Find(path);
            if (state.IsWritten(path) || (known is null && entry.Image is null))
            {
                return;
            }

            if (FileImage.Same(known?.Image, entry.Image))
            {
                state.Set(path, known!.Image, entry.Look);
                return;
            }

            (FileImage? image, string? why, Task kept) = snapshots.Keep(state, entry, cancellationToken);
            keeping.Add(kept);
            if (why is not null)
            {
                skipped.Add(new SkippedPath(path, why));
            }

            (known is null && state.MayHaveStood(path, image!.IsFolder) ? appeared : changes).Add(
                new FolderChange(path, known?.Image, image));
            state.Set(path, image, entry.Look);
            bytes += entry.Content?.Length ?? 0;
            if (bytes > AtOnce)
            {
                group.Dispose();
                await Task.WhenAll(keeping).ConfigureAwait(false);
                keeping.Clear();
                bytes = 0;
            }
        }
    }

    /// <summary>As many as an entry of the log names, with a line for the others.</summary>
    private static IReadOnlyList<SkippedPath> Named(List<SkippedPath> skipped) => skipped.Count <= FolderBounds.Named
        ? skipped
        : [.. skipped.Take(FolderBounds.Named), new SkippedPath(
            PathNames.Whole, $"so are {skipped.Count - FolderBounds.Named} more paths, which are not named")];
}
