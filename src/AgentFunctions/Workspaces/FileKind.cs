using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace AgentFunctions.Workspaces;

/// <summary>What stands at a path.</summary>
internal enum EntryKind
{
    /// <summary>Nothing.</summary>
    Missing,

    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A device, pipe or socket.</summary>
    Special,
}

/// <summary>
/// Tells files from folders, devices, pipes and sockets without opening them: to open a pipe may block for ever.
/// </summary>
internal static class FileKind
{
    private const int CurrentFolder = -100;
    private const uint TypeNamesNumberAndSize = 0x1 | 0x4 | 0x100 | 0x200;
    private const uint Basics = 0x7FF;
    private const int LinkItself = 0x100;
    private const int NamesOffset = 16;
    private const int ModeOffset = 28;
    private const int NumberOffset = 32;
    private const int SizeOffset = 40;
    private const int ChangedOffset = 96;
    private const int WrittenOffset = 112;
    private const int DeviceOffset = 136;

    /// <summary>What stands at a path, links followed, and its size in bytes.</summary>
    /// <param name="path">The full path.</param>
    public static (EntryKind Kind, long Size) Of(string path)
    {
        if (OperatingSystem.IsLinux() && Statx(path) is { } found)
        {
            EntryKind kind = (BinaryPrimitives.ReadUInt16LittleEndian(found.AsSpan(ModeOffset)) & 0xF000) switch
            {
                0x8000 => EntryKind.File,
                0x4000 => EntryKind.Folder,
                _ => EntryKind.Special,
            };
            return (kind, BinaryPrimitives.ReadInt64LittleEndian(found.AsSpan(SizeOffset)));
        }

        var file = new FileInfo(path);
        if (file.Exists)
        {
            return ((file.Attributes & FileAttributes.Device) != 0 ? EntryKind.Special : EntryKind.File, file.Length);
        }

        return (Directory.Exists(path) ? EntryKind.Folder : EntryKind.Missing, 0);
    }

    /// <summary>The identity of what stands at a path, links followed.</summary>
    /// <param name="path">The full path.</param>
    /// <returns>The identity; <see langword="null"/> if nothing is there, or the system does not tell.</returns>
    public static FileIdentity? IdentityOf(string path) => OperatingSystem.IsLinux() && Statx(path) is { } found
        ? new FileIdentity(
            BinaryPrimitives.ReadUInt64LittleEndian(found.AsSpan(DeviceOffset)),
            BinaryPrimitives.ReadUInt64LittleEndian(found.AsSpan(NumberOffset)))
        : null;

    /// <summary>Gets whether a file has several names (hard links).</summary>
    /// <param name="path">The full path.</param>
    /// <returns>Whether it has; false if the system does not tell.</returns>
    public static bool HasSeveralNames(string path) =>
        OperatingSystem.IsLinux() && Statx(path) is { } found
            && BinaryPrimitives.ReadUInt32LittleEndian(found.AsSpan(NamesOffset)) > 1;

    /// <summary>Looks at an entry, links not followed.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="look">What the system says; the default if nothing is there.</param>
    /// <returns>Whether this system tells.</returns>
    public static bool TryLook(string path, out EntryLook look)
    {
        look = default;
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        if (Statx(path, LinkItself, Basics) is not { } found)
        {
            return !Path.Exists(path);
        }

        int mode = BinaryPrimitives.ReadUInt16LittleEndian(found.AsSpan(ModeOffset));
        bool isLink = (mode & 0xF000) == 0xA000;
        EntryKind kind = (mode & 0xF000) switch
        {
            0x8000 or 0xA000 => EntryKind.File,
            0x4000 => EntryKind.Folder,
            _ => EntryKind.Special
        };
        // A folder is written with each entry that comes or goes, which is told of itself.
        bool isFile = kind == EntryKind.File;
        look = new EntryLook(
            kind, isLink, isFile && !isLink ? BinaryPrimitives.ReadInt64LittleEndian(found.AsSpan(SizeOffset)) : 0, isLink
                ? 0
                : mode & 0xFFF,
            isFile ? TimeAt(found, WrittenOffset) : 0, isFile ? TimeAt(found, ChangedOffset) : 0,
            BinaryPrimitives.ReadUInt64LittleEndian(found.AsSpan(NumberOffset)));
        return true;
    }

    // Nanoseconds since 1970.
    private static long TimeAt(byte[] found, int offset) =>
        (BinaryPrimitives.ReadInt64LittleEndian(found.AsSpan(offset)) * 1_000_000_000)
            + BinaryPrimitives.ReadUInt32LittleEndian(found.AsSpan(offset + 8));

    // .NET has no name for the type of a file. The structure of statx is the same on every architecture.
    private static byte[]? Statx(string path, int flags = 0, uint mask = TypeNamesNumberAndSize)
    {
        byte[] buffer = new byte[256];
        try
        {
            return statx(CurrentFolder, [.. Encoding.UTF8.GetBytes(path), 0], flags, mask, buffer) == 0 ? buffer : null;
        }
        catch (Exception error) when (error is EntryPointNotFoundException or DllNotFoundException)
        {
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int statx(int folder, byte[] path, int flags, uint mask, byte[] buffer);
}
