using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>Goes through a folder. Links are entries of their own and never followed.</summary>
internal static class FolderWalk
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>Gets what is in a folder, each folder before what it holds.</summary>
    /// <param name="workspace">The folder.</param>
    /// <param name="isCut">Whether there is more than may be gone through.</param>
    /// <param name="cancellationToken">The token to stop.</param>
    public static IReadOnlyList<(string Path, EntryLook Look)> Entries(Workspace workspace, out bool isCut, CancellationToken cancellationToken)
    {
        var entries = new List<(string Path, EntryLook Look)>();
        var open = new Stack<(string Path, IgnoreRules Rules)>();
        open.Push(("", IgnoreRules.None));
        isCut = false;
        while (open.TryPop(out (string Path, IgnoreRules Rules) folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string full = Path.Join(workspace.Root, folder.Path);
            IgnoreRules rules = folder.Rules.WithFilesOf(full, folder.Path);
            foreach (string name in NamesIn(full))
            {
                string path = folder.Path.Length == 0 ? name : $"{folder.Path}/{name}";
                EntryLook look = EntryLook.Of(Path.Join(full, name));
                bool isFolder = look.Kind == EntryKind.Folder;
                if (look.Kind is EntryKind.Missing or EntryKind.Special || name.StartsWith(TemporaryFiles.Prefix, StringComparison.Ordinal)
                    || rules.IsIgnored(path, isFolder) || workspace.IsReserved(Path.Join(full, name)))
                {
                    continue;
                }

                if (entries.Count == FolderBounds.Entries)
                {
                    isCut = true;
                    return entries;
                }

                entries.Add((path, look));
                if (isFolder)
                {
                    open.Push((path, rules));
                }
            }
        }

        return entries;
    }

    private static IEnumerable<string> NamesIn(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Everything).Select(static entry => entry.Name).Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // Removed while the walk went on, or not to be read.
            return [];
        }
    }
}
