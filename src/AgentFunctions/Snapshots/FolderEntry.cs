using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>An entry of a folder as it was read.</summary>
/// <param name="Image">What it is; <see langword="null"/> for nothing.</param>
/// <param name="Look">What the system said of it before it was read.</param>
internal sealed record FolderEntry(FileImage? Image, EntryLook Look)
{
    /// <summary>Gets the content of a file; <see langword="null"/> if it has none, or it was not read.</summary>
    public byte[]? Content { get; private init; }

    /// <summary>Gets why the content was not read.</summary>
    public string? Why { get; private init; }

    /// <summary>Reads an entry, links not followed.</summary>
    /// <param name="workspace">The folder.</param>
    /// <param name="path">The path, relative to it.</param>
    public static FolderEntry Read(Workspace workspace, string path)
    {
        string full = Path.Join(workspace.Root, path);
        EntryLook look = EntryLook.Of(full);
        int? mode = OperatingSystem.IsWindows() || look.IsLink ? null : look.Mode;
        try
        {
            return look switch
            {
                { Kind: EntryKind.Missing } => new(null, look),
                { Kind: EntryKind.Folder } => new(new FileImage { IsFolder = true, Mode = mode }, look),
                { IsLink: true } => new(new FileImage { Link = new FileInfo(full).LinkTarget ?? "" }, look),
                { Kind: EntryKind.File, Size: <= FolderBounds.File } => ReadFile(workspace, path, full, look, mode),
                { Kind: EntryKind.File } => Unread(look, mode, $"it has more than {FolderBounds.File >> 20} MiB"),
                _ => Unread(look, mode, "it is a device, pipe or socket"),
            };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new(null, default);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or AgentException)
        {
            return Unread(look, mode, "it cannot be read");
        }
    }

    /// <summary>Makes the entry of a file for which there is no room, so that it is not read; reads anything else.</summary>
    public static FolderEntry Unread(Workspace workspace, string path)
    {
        EntryLook look = EntryLook.Of(Path.Join(workspace.Root, path));
        return look is { Kind: EntryKind.File, IsLink: false, Size: > 0 }
            ? Unread(look, OperatingSystem.IsWindows() ? null : look.Mode, FolderBounds.NoRoom)
            : Read(workspace, path);
    }

    private static FolderEntry ReadFile(Workspace workspace, string path, string full, EntryLook look, int? mode)
    {
        using var stream = new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0);
        workspace.Confirm(stream.SafeFileHandle, full, path);
        if (stream.Length > FolderBounds.File)
        {
            return Unread(look, mode, $"it has more than {FolderBounds.File >> 20} MiB");
        }

        byte[] content = new byte[stream.Length];
        int read = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        content = read == content.Length ? content : content.AsSpan(0, read).ToArray();
        return new(ImageOf(content, mode), look) { Content = content };
    }

    /// <summary>Makes the entry of a file that was just written.</summary>
    public static FolderEntry Of(Workspace workspace, string path, byte[] content)
    {
        EntryLook look = EntryLook.Of(Path.Join(workspace.Root, path));
        return new(ImageOf(content, OperatingSystem.IsWindows() ? null : look.Mode), look) { Content = content };
    }

    /// <summary>Makes the entry of a file that is to be written.</summary>
    public static FolderEntry Of(byte[] content, int? mode) => new(ImageOf(content, mode), default) { Content = content };

    private static FileImage ImageOf(ReadOnlySpan<byte> content, int? mode) =>
        new() { Hash = SnapshotContents.HashOf(content), Size = content.Length, Mode = mode };

    private static FolderEntry Unread(EntryLook look, int? mode, string why) =>
        new(new FileImage { Size = look.Size, Mode = mode, Stamp = look.Written, NotKept = true }, look) { Why = why };
}
