namespace AgentFunctions.Workspaces;

/// <summary>
/// What the system says of an entry without opening it, links not followed. One that looks the same has not been written since.
/// </summary>
/// <param name="Kind">What it is; of a link <see cref="EntryKind.File"/>.</param>
/// <param name="IsLink">Whether it is a link.</param>
/// <param name="Size">The size in bytes.</param>
/// <param name="Mode">The permissions; 0 on systems that have none.</param>
/// <param name="Written">When it was written last.</param>
/// <param name="Changed">When it or its permissions changed last; 0 on systems that do not tell.</param>
/// <param name="Number">The number of the file on its device; 0 on systems that do not tell.</param>
internal readonly record struct EntryLook(EntryKind Kind, bool IsLink, long Size, int Mode, long Written, long Changed,
    ulong Number)
{
    private const int Permissions = 0xFFF;

    /// <summary>Looks at an entry.</summary>
    /// <param name="path">The full path.</param>
    public static EntryLook Of(string path)
    {
        if (FileKind.TryLook(path, out EntryLook look))
        {
            return look;
        }

        FileSystemInfo entry = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        bool isLink = entry.LinkTarget is not null;
        if (!isLink && !entry.Exists)
        {
            return default;
        }

        bool isFolder = !isLink && entry is DirectoryInfo;
        int mode = OperatingSystem.IsWindows() ? 0 : (int)entry.UnixFileMode & Permissions;
        return new EntryLook(
            isFolder ? EntryKind.Folder : EntryKind.File, isLink, isLink || isFolder ? 0 : ((FileInfo)entry).Length, isLink
                ? 0
                : mode,
            entry.LastWriteTimeUtc.Ticks, 0, 0);
    }
}
