using System.Text;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>Goes through a folder, within bounds. Links are entries of their own and never followed.</summary>
internal sealed class FolderWalk
{
    /// <summary>The longest path that Linux takes, in bytes.</summary>
    private const int LongestPath = 4_095;

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly Workspace _workspace;
    private readonly Func<bool> _isLate;
    private readonly int _most;
    private readonly List<(string Path, EntryLook Look)> _entries = [];
    private readonly List<SkippedPath> _skipped = [];
    private readonly Stack<(string Path, int Depth, IgnoreRules Rules)> _open = new();

    private FolderWalk(Workspace workspace, Func<bool> isLate, int most) =>
        (_workspace, _isLate, _most) = (workspace, isLate, most);

    /// <summary>Gets what is in the folder, each folder before what it holds.</summary>
    public IReadOnlyList<(string Path, EntryLook Look)> Entries => _entries;

    /// <summary>Gets what was left out, and why: at most <see cref="FolderBounds.Named"/> paths.</summary>
    public IReadOnlyList<SkippedPath> Skipped => _skipped;

    /// <summary>Gets how far it could see.</summary>
    public FolderView View { get; } = new();

    /// <summary>Goes through a folder.</summary>
    /// <param name="workspace">The folder.</param>
    /// <param name="isLate">Whether the time is up.</param>
    /// <param name="cancellationToken">The token to stop.</param>
    /// <param name="most">The most entries.</param>
    public static FolderWalk Make(
        Workspace workspace, Func<bool> isLate, CancellationToken cancellationToken, int most = FolderBounds.Entries)
    {
        var walk = new FolderWalk(workspace, isLate, most);
        walk._open.Push(("", 0, IgnoreRules.None));
        while (walk._open.TryPop(out (string Path, int Depth, IgnoreRules Rules) folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!walk.TryTakeFolder(folder.Path, folder.Depth, folder.Rules))
            {
                walk.View.IsCut = true;
                break;
            }
        }

        return walk;
    }

    /// <summary>Takes what is in one folder; whether there is leave to go on.</summary>
    private bool TryTakeFolder(string folder, int depth, IgnoreRules above)
    {
        string full = Path.Join(_workspace.Root, folder);
        IgnoreRules rules = above.WithFilesOf(full, folder);
        if (!ReferenceEquals(rules, above))
        {
            View.Add(folder, rules);
        }

        foreach (string name in NamesIn(folder, full))
        {
            if (_isLate())
            {
                double bound = FolderBounds.Walk.TotalSeconds;
                Skip(PathNames.Whole, $"going through the folder took longer than {bound:0} seconds; the rest was not looked at");
                return false;
            }

            string path = folder.Length == 0 ? name : $"{folder}/{name}";
            EntryLook look = EntryLook.Of(Path.Join(full, name));
            bool isFolder = look.Kind == EntryKind.Folder;
            if (!IsWanted(path, look, rules))
            {
                continue;
            }

            if (_entries.Count == _most)
            {
                Skip(PathNames.Whole, $"the folder has more than {_most} entries; the rest was not looked at");
                return false;
            }

            _entries.Add((path, look));
            if (isFolder && depth + 1 == FolderBounds.Depth)
            {
                View.Close(path);
                Skip(path, $"it lies {FolderBounds.Depth} folders deep; what is in it was not looked at");
            }
            else if (isFolder)
            {
                _open.Push((path, depth + 1, rules));
            }
        }

        return true;
    }

    private bool IsWanted(string path, EntryLook look, IgnoreRules rules)
    {
        string full = Path.Join(_workspace.Root, path);
        if (Path.GetFileName(path).StartsWith(TemporaryFiles.Prefix, StringComparison.Ordinal) || _workspace.IsReserved(full))
        {
            return false;
        }

        if (look.Kind == EntryKind.Missing)
        {
            // Otherwise it was removed while the walk went on, or its folder does not let it be looked at.
            View.Close(path);
            return Encoding.UTF8.GetByteCount(full) > LongestPath && Skip(path, "its path is too long");
        }

        return rules.IsIgnored(path, look.Kind == EntryKind.Folder) ? Skip(path, "ignore rules leave it out")
            : look.Kind != EntryKind.Special || Skip(path, "it is a device, pipe or socket");
    }

    private string[] NamesIn(string folder, string full)
    {
        try
        {
            IEnumerable<FileSystemInfo> entries = new DirectoryInfo(full).EnumerateFileSystemInfos("*", Everything);
            return [.. entries.Select(static entry => entry.Name).Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or ArgumentException or UnauthorizedAccessException)
        {
            if (error is not DirectoryNotFoundException)
            {
                View.IsCut |= folder.Length == 0;
                View.Close(folder);
                Skip(folder.Length == 0 ? PathNames.Whole : folder, "the folder cannot be read");
            }

            return [];
        }
    }

    /// <summary>Names what is left out, as long as there are not too many.</summary>
    /// <returns>False: it is left out.</returns>
    private bool Skip(string path, string why)
    {
        if (_skipped.Count < FolderBounds.Named || path == PathNames.Whole)
        {
            _skipped.Add(new SkippedPath(path, why));
        }
        else if (_skipped.Count == FolderBounds.Named)
        {
            string others = $"more than {FolderBounds.Named} paths are left out; the others are not named";
            _skipped.Add(new SkippedPath(PathNames.Whole, others));
        }

        return false;
    }
}
