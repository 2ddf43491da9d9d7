namespace AgentFunctions.Workspaces;

/// <summary>The files and folders that govern, by identity: under whatever name they are met, they are known again.</summary>
internal sealed class GoverningIdentities
{
    // A data folder holds a handful of files, a folder of agents some hundred.
    private const int MaxEntries = 20_000;

    private readonly Dictionary<FileIdentity, (GoverningPath Governing, string Path)> _found = [];
    private readonly HashSet<FileIdentity> _excepted = [];
    private readonly List<string> _exceptions = [];
    private readonly Dictionary<string, GoverningPath?> _folders = new(StringComparer.Ordinal);

    public GoverningIdentities(IEnumerable<GoverningPath> governing)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        foreach (GoverningPath one in governing)
        {
            if (one.Except is { } except)
            {
                // By its path too: it may not be there yet.
                _exceptions.Add(LinkWalk.Real(except));
                if (FileKind.IdentityOf(except) is { } excepted)
                {
                    _excepted.Add(excepted);
                }
            }

            foreach (string path in EntriesOf(one).Take(MaxEntries))
            {
                if (FileKind.IdentityOf(path) is { } identity)
                {
                    _found.TryAdd(identity, (one, path));
                }
            }
        }
    }

    /// <summary>What governs in a file or folder.</summary>
    /// <remarks>
    /// The host replaces some of its files, such as heads, and the file system gives the identity of what was replaced to the
    /// next file that is made, which may be the workspace's: a match counts only while the governing file still has it.
    /// </remarks>
    public GoverningPath? Find(FileIdentity identity) =>
        _found.TryGetValue(identity, out (GoverningPath Governing, string Path) found)
            && FileKind.IdentityOf(found.Path) == identity
            ? found.Governing
            : null;

    /// <summary>What governs at a path or at a folder above it.</summary>
    /// <param name="realPath">The full path, which holds no links.</param>
    public GoverningPath? Find(string realPath)
    {
        if (_found.Count == 0)
        {
            return null;
        }

        FileIdentity? identity = FileKind.IdentityOf(realPath);
        if (identity is { } known && _excepted.Contains(known))
        {
            return null;
        }

        if (identity is { } here && Find(here) is { } governing)
        {
            return governing;
        }

        return _exceptions.Contains(realPath, StringComparer.Ordinal) || Path.GetDirectoryName(realPath) is not { } folder
            ? null
            : FindFolder(folder);
    }

    private GoverningPath? FindFolder(string folder)
    {
        if (!_folders.TryGetValue(folder, out GoverningPath? found))
        {
            found = Find(folder);
            _folders.Add(folder, found);
        }

        return found;
    }

    private static IEnumerable<string> EntriesOf(GoverningPath one)
    {
        var open = new Stack<string>([one.Path, .. SiblingsOf(one)]);
        while (open.TryPop(out string? path))
        {
            yield return path;
            foreach (string child in ChildrenOf(path, "*"))
            {
                if (child != one.Except)
                {
                    open.Push(child);
                }
            }
        }
    }

    private static IEnumerable<string> SiblingsOf(GoverningPath one) =>
        one.WithSiblings && Path.GetDirectoryName(one.Path) is { } folder
            ? ChildrenOf(folder, Path.GetFileName(one.Path) + "*")
                .Where(path => path.Length > one.Path.Length && path[one.Path.Length] is '-' or '.')
            : [];

    private static string[] ChildrenOf(string folder, string pattern)
    {
        try
        {
            return Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder, pattern) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
