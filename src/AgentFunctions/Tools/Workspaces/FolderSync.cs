using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Makes a rename durable: on Unix it is lost with the power until its folder is synced too.</summary>
internal static class FolderSync
{
    /// <summary>Syncs a folder; does nothing on Windows, which journals renames itself.</summary>
    /// <param name="folder">The folder's full path.</param>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // .NET opens no folders. Flags 0: read only.
        int descriptor = open([.. Encoding.UTF8.GetBytes(folder), 0], 0);
        if (descriptor >= 0)
        {
            using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
            RandomAccess.FlushToDisk(handle);
        }
    }

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int open(byte[] path, int flags);
}
