using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Workspaces;

[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed partial class FileIdentityTests
{
    public static void HardLink(string existing, string name)
    {
        if (link(existing, name) != 0)
        {
            Assert.Ignore("This file system has no hard links.");
        }
    }

    [Test]
    public void Of_AHardLink_IsTheSameFileWithTwoNames()
    {
        using var folder = new TemporaryFolder();
        string one = folder.Write("one", "x");
        string other = Path.Combine(folder.Path, "other");
        HardLink(one, other);

        Assert.That(FileKind.IdentityOf(one), Is.EqualTo(FileKind.IdentityOf(other)));
        Assert.That(FileKind.HasSeveralNames(one), Is.True);
        Assert.That(FileKind.IdentityOf(Path.Combine(folder.Path, "none")), Is.Null);
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name);
}
