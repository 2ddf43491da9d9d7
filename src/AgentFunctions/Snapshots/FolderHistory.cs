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
                bool isForeign = entry.Kind == SnapshotKind.Found;
                FolderUndo known =
                    undo.GetValueOrDefault(change.Path) ?? new FolderUndo(change.Path, change.Before, change.After);
                undo[change.Path] = known with
                {
                    Last = change.After,
                    IsForeign = known.IsForeign || isForeign,
                    Steps = isForeign ? known.Steps : [.. known.Steps, change],
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
                    mine ??= new FolderUndo(change.Path, change.Before, change.After);
                    mine = mine with { Last = change.After, Steps = [.. mine.Steps, change] };
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

    /// <summary>Gets whether somebody outside of the runs changed it.</summary>
    public bool IsForeign { get; init; }

    /// <summary>Gets the changes that are undone, in order, without those of others.</summary>
    public IReadOnlyList<FolderChange> Steps { get; init; } = [];
}
