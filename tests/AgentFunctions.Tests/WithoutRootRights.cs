using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace AgentFunctions.Tests;

/// <summary>Runs code as the system treats a user without root's rights over files, also where the tests run as root.</summary>
[SupportedOSPlatform("linux")]
internal static class WithoutRootRights
{
    private const uint Version3 = 0x20080522;

    /// <summary>
    /// The rights to override permissions of files (<c>CAP_DAC_OVERRIDE</c>, <c>CAP_DAC_READ_SEARCH</c>, <c>CAP_FOWNER</c>).
    /// </summary>
    private const uint OverridesFiles = (1 << 1) | (1 << 2) | (1 << 3);

    /// <summary>Runs code on a thread of its own, which has given the rights up; they go with the thread.</summary>
    public static T Run<T>(Func<T> act)
    {
        T result = default!;
        ExceptionDispatchInfo? error = null;
        var thread = new Thread(() =>
        {
            try
            {
                GiveUp();
                result = act();
            }
            catch (Exception e)
            {
                error = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        error?.Throw();
        return result;
    }

    private static void GiveUp()
    {
        var header = new Header(Version3, 0);
        var rights = new Rights[2];
        if (Get(ref header, rights) != 0)
        {
            throw new InvalidOperationException($"capget: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        rights[0].Effective &= ~OverridesFiles;
        if (Set(ref header, rights) != 0)
        {
            throw new InvalidOperationException($"capset: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [DllImport("libc", EntryPoint = "capget", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Get(ref Header header, [In, Out] Rights[] rights);

    [DllImport("libc", EntryPoint = "capset", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Set(ref Header header, [In] Rights[] rights);

    [StructLayout(LayoutKind.Sequential)]
    private struct Header(uint version, int thread)
    {
        public uint Version = version;

        public int Thread = thread;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Rights
    {
        public uint Effective;

        public uint Permitted;

        public uint Inheritable;
    }
}
