using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>A file of a workspace.</summary>
/// <param name="Path">Its path relative to the workspace.</param>
/// <param name="BelowStart">Its path relative to where the walk began.</param>
/// <param name="Size">Its size in bytes.</param>
internal readonly record struct WorkspaceEntry(string Path, string BelowStart, long Size);

/// <summary>Goes through the files of a workspace in ordinal order of their paths.</summary>
internal static class FileWalk
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>
    /// The regular files at and below a path. Links to files within the workspace count as files; links to folders are not
    /// followed.
    /// </summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="path">Where to begin, as the agent wrote it: a folder or a file.</param>
    /// <param name="skip">Names of folders to leave out.</param>
    /// <param name="cancellationToken">The token to cancel the operation.</param>
    public static IEnumerable<WorkspaceEntry> Files(
        Workspace workspace, string? path, IReadOnlySet<string> skip, CancellationToken cancellationToken)
    {
        string start = workspace.Resolve(path);
        (EntryKind kind, long size) = FileKind.Of(start);
        return kind switch
        {
            EntryKind.Folder => Below(workspace, start, skip, cancellationToken),
            EntryKind.File => [new WorkspaceEntry(workspace.Relative(start), Path.GetFileName(start), size)],
            _ => throw new AgentException(
                ErrorCode.InvalidInput,
                $"path: there is no folder '{PathSyntax.Show(path!)}'; list_files without a path shows all files."),
        };
    }

    private static IEnumerable<WorkspaceEntry> Below(
        Workspace workspace, string start, IReadOnlySet<string> skip, CancellationToken cancellationToken)
    {
        // Folders sort as if their names ended in '/', which makes the order of the walk that of the whole paths.
        var open = new Stack<(string Path, bool IsFolder)>();
        open.Push((start, true));
        while (open.TryPop(out var entry))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!entry.IsFolder)
            {
                if (Measure(workspace, entry.Path) is { } size)
                {
                    yield return new(workspace.Relative(entry.Path), Path.GetRelativePath(start, entry.Path).Replace('\\', '/'),
                        size);
                }

                continue;
            }

            foreach (FileSystemInfo child in Children(workspace, entry.Path, skip)
                .OrderByDescending(SortKey, StringComparer.Ordinal))
            {
                open.Push((child.FullName, IsFolder(child)));
            }
        }
    }

    private static string SortKey(FileSystemInfo entry) => IsFolder(entry) ? entry.Name + "/" : entry.Name;

    private static bool IsFolder(FileSystemInfo entry) => entry is DirectoryInfo && entry.LinkTarget is null;

    private static FileSystemInfo[] Children(Workspace workspace, string folder, IReadOnlySet<string> skip)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Everything).Where(Wanted)];
        }
        catch (Exception error) when (error is IOException or ArgumentException)
        {
            // Removed while the walk went on, or what is in it has paths that are too long, of which the enumeration makes empty
            // ones.
            return [];
        }

        bool Wanted(FileSystemInfo entry) =>
            IsFolder(entry)
                ? !skip.Contains(entry.Name) && !workspace.IsReserved(entry.FullName)
                : !entry.Name.StartsWith(WorkspaceFile.TemporaryPrefix, StringComparison.Ordinal);
    }

    // The size of a regular file; null for what must not be opened, or is no file.
    private static long? Measure(Workspace workspace, string path)
    {
        try
        {
            (EntryKind kind, long size) = FileKind.Of(workspace.Resolve(path));
            return kind == EntryKind.File ? size : null;
        }
        catch (AgentException)
        {
            return null;
        }
    }
}
