using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>
/// What is known of the folder of a tree: what its log says, and how it looked when that was written. Guarded by itself.
/// </summary>
/// <param name="root">The root of the tree.</param>
internal sealed class FolderState(string root)
{
    /// <summary>How many contents that are being kept are noted before those that are through are forgotten.</summary>
    private const int MostKeeping = 64;

    private readonly Dictionary<string, KnownEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _changedAt = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SnapshotEntry> _begun = new(StringComparer.Ordinal);
    private readonly HashSet<string> _kept = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _keeping = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _writing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _commands = new(StringComparer.Ordinal);
    private readonly HashSet<SkippedPath> _told = [];
    private readonly FolderView _remembered = new();
    private readonly List<string> _unwalked = [];
    private readonly Queue<DateTimeOffset> _walks = new();
    private readonly Lock _gate = new();
    private FolderView? _view;
    private long _keptBytes;
    private int _mostKeeping = MostKeeping;

    /// <summary>Gets the root of the tree.</summary>
    public string Root => root;

    /// <summary>Gets who goes through the folder, or reads the log: one at a time.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>Gets the number of the next entry to read.</summary>
    public long Next { get; private set; }

    /// <summary>Gets whether the log was read to its end.</summary>
    public bool IsRead
    {
        get
        {
            lock (_gate)
            {
                return field;
            }
        }
        private set;
    }

    /// <summary>Gets whether the folder was gone through once.</summary>
    public bool HasBase { get; private set; }

    /// <summary>Gets the calls that are at work in the folder now.</summary>
    public int AtWork
    {
        get
        {
            lock (_gate)
            {
                return _commands.Count + _writing.Count;
            }
        }
    }

    /// <summary>Gets how many files, links and folders are known.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Takes in an entry of the log.</summary>
    public void Apply(SnapshotEntry entry)
    {
        lock (_gate)
        {
            Next = Math.Max(Next, entry.Seq + 1);
            if (entry.Kind == SnapshotKind.Begun)
            {
                // The content may not have been kept any more; nothing was written then.
                _begun[entry.CallKey!] = entry;
                return;
            }

            if (entry.CallKey is { } call)
            {
                _begun.Remove(call);
            }

            HasBase |= entry.Kind == SnapshotKind.Base;
            _told.UnionWith(entry.Skipped ?? []);
            _remembered.Close(entry.Skipped ?? []);
            NoteKept(entry.Changes.SelectMany(static change => new[] { change.Before, change.After }));
            // One that was written late tells of the time before what others have written since.
            foreach (FolderChange change in entry.Changes.Where(change => entry.Follows is null
                || _changedAt.GetValueOrDefault(change.Path, -1) <= entry.Follows))
            {
                SetCore(change.Path, change.After, null);
                _changedAt[change.Path] = entry.Seq;
            }
        }
    }

    /// <summary>Notes that the folder was gone through, and this is what the log says of it.</summary>
    public void Entered(SnapshotEntry entry)
    {
        lock (_gate)
        {
            HasBase |= entry.Kind == SnapshotKind.Base;
            _told.UnionWith(entry.Skipped ?? []);
        }
    }

    /// <summary>Marks the log as read to its end.</summary>
    public void Read()
    {
        lock (_gate)
        {
            IsRead = true;
        }
    }

    /// <summary>Gets what is known of a path; <see langword="null"/> if it is not known, or nothing stands there.</summary>
    public KnownEntry? Find(string path)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(path);
        }
    }

    /// <summary>Notes what stands at a path.</summary>
    public void Set(string path, FileImage? image, EntryLook? look)
    {
        lock (_gate)
        {
            SetCore(path, image, look);
        }
    }

    /// <summary>Gets the paths that are known.</summary>
    public IReadOnlyList<string> Paths()
    {
        lock (_gate)
        {
            return [.. _entries.Keys];
        }
    }

    /// <summary>Gets what a call said before it wrote, if it has not said what came of it.</summary>
    public SnapshotEntry? Begun(string call)
    {
        lock (_gate)
        {
            return _begun.GetValueOrDefault(call);
        }
    }

    /// <summary>Determines whether a content is kept for the tree.</summary>
    public bool IsKept(string hash)
    {
        lock (_gate)
        {
            return _kept.Contains(hash);
        }
    }

    /// <summary>Gets what ends when a content is durable, if somebody has it kept just now.</summary>
    public Task Keeping(string hash)
    {
        lock (_gate)
        {
            return _keeping.GetValueOrDefault(hash) ?? Task.CompletedTask;
        }
    }

    /// <summary>Notes that a content is being kept: others who name it wait for that too.</summary>
    public Task Keeping(string hash, Task kept)
    {
        lock (_gate)
        {
            if (_keeping.Count >= _mostKeeping)
            {
                foreach ((string through, _) in _keeping.Where(static one => one.Value.IsCompletedSuccessfully).ToList())
                {
                    _keeping.Remove(through);
                }

                _mostKeeping = Math.Max(MostKeeping, _keeping.Count * 2);
            }

            _keeping[hash] = kept;
            return kept;
        }
    }

    /// <summary>Determines whether the log does not say yet that a path was left out.</summary>
    public bool IsNews(SkippedPath skipped)
    {
        lock (_gate)
        {
            return !_told.Contains(skipped);
        }
    }

    /// <summary>
    /// Determines whether something that is seen for the first time may have been there before: the last walk did not look
    /// there, or, in an earlier process, one of all walks.
    /// </summary>
    public bool MayHaveStood(string path, bool isFolder)
    {
        lock (_gate)
        {
            return (_view ?? _remembered).Hides(path, isFolder);
        }
    }

    /// <summary>Determines whether there is room for a content of a size.</summary>
    public bool HasRoom(long size)
    {
        lock (_gate)
        {
            return size == 0 || _keptBytes + size <= FolderBounds.Tree;
        }
    }

    /// <summary>Takes room for a content.</summary>
    /// <returns>Whether there was room, or it is kept already.</returns>
    public bool TryTakeRoom(string hash, long size)
    {
        lock (_gate)
        {
            if (_kept.Contains(hash))
            {
                return true;
            }

            if (_keptBytes + size > FolderBounds.Tree)
            {
                return false;
            }

            _kept.Add(hash);
            _keptBytes += size;
            return true;
        }
    }

    /// <summary>Notes that a call writes a path, which it will tell of itself.</summary>
    public void BeginWrite(string path)
    {
        lock (_gate)
        {
            _writing[path] = _writing.GetValueOrDefault(path) + 1;
        }
    }

    /// <summary>Notes that a call has written a path.</summary>
    public void EndWrite(string path)
    {
        lock (_gate)
        {
            if (_writing.GetValueOrDefault(path) is var count and > 1)
            {
                _writing[path] = count - 1;
            }
            else
            {
                _writing.Remove(path);
            }
        }
    }

    /// <summary>Determines whether a call writes a path now.</summary>
    public bool IsWritten(string path)
    {
        lock (_gate)
        {
            return _writing.ContainsKey(path);
        }
    }

    /// <summary>Notes that a command is at work.</summary>
    public void BeginCommand(string call)
    {
        lock (_gate)
        {
            foreach (HashSet<string> others in _commands.Values)
            {
                others.Add(call);
            }

            _commands[call] = [.. _commands.Keys];
        }
    }

    /// <summary>Notes that a command has ended.</summary>
    public void EndCommand(string call)
    {
        lock (_gate)
        {
            _commands.Remove(call);
        }
    }

    /// <summary>
    /// Gets the commands that may have made what is found now, after one or before one; the first and the last by name are
    /// among those that are named.
    /// </summary>
    /// <param name="call">The command that has ended; <see langword="null"/> before one.</param>
    public IReadOnlyList<string> Candidates(string? call)
    {
        lock (_gate)
        {
            IEnumerable<string> others = call is not null && _commands.TryGetValue(call, out HashSet<string>? overlapped)
                ? overlapped
                : _commands.Keys.Where(key => key != call);
            string[] all =
                [.. _unwalked.Concat(others).Concat(call is null ? [] : [call]).Distinct().Order(StringComparer.Ordinal)];
            // The sub-agents of one lie side by side: if the first and the last are of one tree, so are all between.
            return all.Length <= FolderBounds.Candidates
                ? all
                : [.. all.Where((one, place) => place < FolderBounds.Candidates - 1 || place == all.Length - 1 || one == call)];
        }
    }

    /// <summary>Takes leave to go through the folder after a command; who gets none leaves what it changed to the next.</summary>
    public bool TryWalk(string call, DateTimeOffset now)
    {
        lock (_gate)
        {
            while (_walks.TryPeek(out DateTimeOffset oldest) && now - oldest >= TimeSpan.FromMinutes(1))
            {
                _walks.Dequeue();
            }

            if (_walks.Count >= FolderBounds.WalksPerMinute)
            {
                _unwalked.Add(call);
                return false;
            }

            _walks.Enqueue(now);
            return true;
        }
    }

    /// <summary>Notes that the folder was gone through, and how far was seen.</summary>
    public void Walked(FolderView view)
    {
        lock (_gate)
        {
            _view = view;
            _unwalked.Clear();
        }
    }

    private void SetCore(string path, FileImage? image, EntryLook? look)
    {
        if (image is null)
        {
            _entries.Remove(path);
        }
        else if (look is not null || !_entries.TryGetValue(path, out KnownEntry? known) || !FileImage.Same(known.Image, image))
        {
            _entries[path] = new KnownEntry(image, look);
        }
    }

    private void NoteKept(IEnumerable<FileImage?> images)
    {
        foreach (FileImage? image in images)
        {
            if (image is { Hash: { } hash, NotKept: false } && _kept.Add(hash))
            {
                _keptBytes += image.Size ?? 0;
            }
        }
    }
}

/// <summary>What is known of an entry of a folder.</summary>
/// <param name="Image">What it was.</param>
/// <param name="Look">How it looked then; <see langword="null"/> if that was in an earlier process.</param>
internal sealed record KnownEntry(FileImage Image, EntryLook? Look);
