using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>Copies a folder: files with their permissions, links as links. What governs the host is left out.</summary>
internal static class FolderCopy
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>Copies what is in a folder into an empty one.</summary>
    /// <param name="from">The folder.</param>
    /// <param name="to">The full path of the other.</param>
    /// <param name="cancellationToken">The token to stop.</param>
    public static void Copy(Workspace from, string to, CancellationToken cancellationToken)
    {
        var open = new Stack<string>();
        var folders = new List<(string Path, UnixFileMode Mode)>();
        open.Push("");
        while (open.TryPop(out string? folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (FileSystemInfo entry in new DirectoryInfo(Path.Join(from.Root, folder)).EnumerateFileSystemInfos("*",
                Everything))
            {
                string path = Path.Join(folder, entry.Name);
                string target = Path.Join(to, path);
                EntryLook look = EntryLook.Of(entry.FullName);
                if (from.IsReserved(entry.FullName) || entry.Name.StartsWith(TemporaryFiles.Prefix, StringComparison.Ordinal))
                {
                    continue;
                }

                if (look.IsLink)
                {
                    File.CreateSymbolicLink(target, entry.LinkTarget ?? "");
                }
                else if (look.Kind == EntryKind.Folder)
                {
                    Directory.CreateDirectory(target);
                    folders.Add((target, OperatingSystem.IsWindows() ? default : entry.UnixFileMode));
                    open.Push(path);
                }
                else if (look.Kind == EntryKind.File)
                {
                    File.Copy(entry.FullName, target);
                }
            }
        }

        // The deepest first: one that must not be written could not be filled.
        for (int i = folders.Count - 1; i >= 0 && !OperatingSystem.IsWindows(); i--)
        {
            File.SetUnixFileMode(folders[i].Path, folders[i].Mode);
        }
    }
}
