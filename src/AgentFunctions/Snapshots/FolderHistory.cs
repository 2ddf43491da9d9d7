namespace AgentFunctions.Snapshots;

/// <summary>What became of a folder, in the order in which it happened. Every state that it had can be told from it.</summary>
internal sealed class FolderHistory
{
    /// <summary>What is said of a change that no run made.</summary>
    public const string Outsider = "somebody outside of the runs";

    private readonly IReadOnlyList<SnapshotEntry> _entries;

    /// <param name="entries">The entries of the log.</param>
    public FolderHistory(IEnumerable<SnapshotEntry> entries) =>
        _entries = [.. entries.Where(static entry => entry.Kind != SnapshotKind.Begun)
            .OrderBy(static entry => entry.Follows ?? entry.Seq).ThenBy(static entry => entry.Seq)];

    /// <summary>Gets what happened, in order.</summary>
    public IReadOnlyList<SnapshotEntry> Entries => _entries;

    /// <summary>Gets how many of the entries had happened when a turn of a run was over.</summary>
    /// <param name="run">The run.</param>
    /// <param name="turn">The turn; 0 for the time before the first.</param>
    /// <param name="next">When the next turn began; <see langword="null"/> if there is none.</param>
    public int EndOf(string run, int turn, DateTimeOffset? next)
    {
        int end = 0;
        for (int i = 0; i < _entries.Count; i++)
        {
            SnapshotEntry entry = _entries[i];
            bool isOwn = entry.Kind == SnapshotKind.Call && entry.Run == run;
            bool isOver = isOwn ? entry.Turn <= turn : next is { } begun
                ? entry.At <= begun
                : entry.Kind == SnapshotKind.Call && turn > 0;
            if (isOwn && entry.Turn > turn)
            {
                break;
            }

            end = isOver ? i + 1 : end;
        }

        return end;
    }

    /// <summary>Gets the files, links and folders that were there after so many entries.</summary>
    public SortedDictionary<string, FileImage> StateAt(int end)
    {
        var state = new SortedDictionary<string, FileImage>(StringComparer.Ordinal);
        var told = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < _entries.Count; i++)
        {
            foreach (FolderChange change in _entries[i].Changes)
            {
                // What is told of later only stood there as it was before.
                FileImage? image = i < end || _entries[i].Kind == SnapshotKind.Base ? change.After : change.Before;
                if (i >= end && !told.Add(change.Path))
                {
                    continue;
                }

                told.Add(change.Path);
                if (image is null)
                {
                    state.Remove(change.Path);
                }
                else
                {
                    state[change.Path] = image;
                }
            }
        }

        return state;
    }

    /// <summary>Gets what it takes to bring the state after so many entries back, all that was done since included.</summary>
    public IReadOnlyList<FolderUndo> UndoSince(int end)
    {
        var undo = new Dictionary<string, FolderUndo>(StringComparer.Ordinal);
        foreach (SnapshotEntry entry in _entries.Skip(end).Where(static entry => entry.Kind != SnapshotKind.Base))
        {
            foreach (FolderChange change in entry.Changes)
            {
                FolderUndo known =
                    undo.GetValueOrDefault(change.Path) ?? new FolderUndo(change.Path, change.Before, change.Before);
                string? foreign = ForeignIn(known, entry, change);
                undo[change.Path] = known.With(entry, change, isStep: foreign is null) with
                {
                    Foreign = foreign ?? known.Foreign,
                };
            }
        }

        return [.. undo.Values.OrderBy(static one => one.Path, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Gets what it takes to undo what one run and its sub-agents did since a number of entries. What others have changed since,
    /// or in between, is named and not undone.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="end">After how many entries.</param>
    public IReadOnlyList<FolderUndo> UndoOf(string run, int end)
    {
        var undo = new List<FolderUndo>();
        var changes = _entries.Select((entry, place) => (entry, place))
            .SelectMany(static pair => pair.entry.Changes.Select(change => (change, pair.entry, pair.place)))
            .GroupBy(static one => one.change.Path, StringComparer.Ordinal);
        foreach (var ofPath in changes.OrderBy(static group => group.Key, StringComparer.Ordinal))
        {
            FolderUndo? mine = null;
            foreach ((FolderChange change, SnapshotEntry entry, int place) in ofPath)
            {
                bool isMine = place >= end && IsOf(run, entry, change);
                if (isMine)
                {
                    mine ??= new FolderUndo(change.Path, change.Before, change.Before);
                    string? foreign = entry.IsTakenUp ? ForeignIn(mine, entry, change) : null;
                    mine = mine.With(entry, change, isStep: foreign is null) with { Foreign = foreign ?? mine.Foreign };
                }
                else if (mine is not null && ForeignIn(mine, entry, change) is null && entry.Kind == SnapshotKind.Found)
                {
                    mine = mine.With(entry, change, isStep: true);
                }
                else if (mine is not null)
                {
                    mine = mine with { By = OwnerOf(entry, change) };
                }
            }

            if (mine is not null)
            {
                undo.Add(mine);
            }
        }

        return undo;
    }

    /// <summary>Gets who outside of the runs made a change, or may have; <see langword="null"/> for nobody.</summary>
    private static string? ForeignIn(FolderUndo known, SnapshotEntry entry, FolderChange change) => entry switch
    {
        // A restore that was cut off is found as what it had not restored yet.
        { Kind: SnapshotKind.Found } => known.IsOfRestore(change.After) ? null : Outsider,
        { IsTakenUp: true } => $"run {entry.Run}, in a call that a crash cut off, or {Outsider}",
        _ => null,
    };

    /// <summary>Gets who made a change, in words of ids.</summary>
    private static string OwnerOf(SnapshotEntry entry, FolderChange change) =>
        change.By is { Count: > 0 } candidates ? string.Join(", ", candidates.Select(RunOf).Distinct())
        : entry.Kind is SnapshotKind.Call or SnapshotKind.Restored ? entry.Run! : Outsider;

    private static bool IsOf(string run, SnapshotEntry entry, FolderChange change) => change.By is { Count: > 0 } candidates
        ? candidates.All(call => IsWithin(run, RunOf(call)))
        : entry.Kind is SnapshotKind.Call or SnapshotKind.Restored && IsWithin(run, entry.Run!);

    private static bool IsWithin(string run, string other) => other == run
        || other.StartsWith(run + ".", StringComparison.Ordinal);

    private static string RunOf(string call) => call[..call.IndexOf('/', StringComparison.Ordinal)];
}

/// <summary>What a path goes back to.</summary>
/// <param name="Path">The path.</param>
/// <param name="Target">What stood there; <see langword="null"/> for nothing.</param>
/// <param name="Last">What stands there now, as the log has it.</param>
internal sealed record FolderUndo(string Path, FileImage? Target, FileImage? Last)
{
    /// <summary>Gets who changed it since or in between; <see langword="null"/> for nobody.</summary>
    public string? By { get; init; }

    /// <summary>Gets who outside of the runs changed it, or may have; <see langword="null"/> for nobody.</summary>
    public string? Foreign { get; init; }

    /// <summary>
    /// Gets the last change, if it is a restore of what the log knew: one that a crash cut off has not reached all paths.
    /// </summary>
    public FolderChange? Restore { get; init; }

    /// <summary>Gets the changes that are undone, in order, without those of others.</summary>
    public IReadOnlyList<FolderChange> Steps { get; init; } = [];

    /// <summary>Determines whether something is what the log says that stands there, also if a restore was cut off.</summary>
    public bool IsKnown(FileImage? present) => FileImage.Same(present, Last) || IsOfRestore(present);

    /// <summary>Determines whether something is what a restore that was cut off leaves.</summary>
    public bool IsOfRestore(FileImage? present) => Restore is { Before: var before, After: var after }
        && (FileImage.Same(present, before)
            // What becomes something of another kind goes first, and a folder gets its permissions last.
            || (present is null && before is not null && after is not null
                && (before.Link is not null || after.Link is not null || before.IsFolder != after.IsFolder))
            || (present is { IsFolder: true } && after is { IsFolder: true }));

    /// <summary>Adds a change.</summary>
    /// <param name="entry">The entry that it is in.</param>
    /// <param name="change">The change.</param>
    /// <param name="isStep">Whether it is undone with the others.</param>
    public FolderUndo With(SnapshotEntry entry, FolderChange change, bool isStep) => this with
    {
        Last = change.After,
        Restore = entry.Kind == SnapshotKind.Restored && IsKnown(change.Before) ? change : null,
        Steps = isStep ? [.. Steps, change] : Steps,
    };
}
