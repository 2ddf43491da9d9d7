using System.Runtime.Versioning;
using AgentFunctions.Gateway.Erasure;

namespace AgentFunctions.Tests.Gateway.Erasure;

internal sealed class FolderRemovalTests
{
    [Test]
    public void Try_FoldersThatMustNotBeWritten_AreDeletedAndLinksNotFollowed()
    {
        using var outside = new TemporaryFolder();
        string kept = Path.Combine(outside.Path, "kept");
        File.WriteAllText(kept, "x");
        using var root = new TemporaryFolder();
        string folder = Path.Combine(root.Path, "run");
        string inner = Directory.CreateDirectory(Path.Combine(folder, "modules", "one")).FullName;
        File.WriteAllText(Path.Combine(inner, "file"), "x");
        Directory.CreateSymbolicLink(Path.Combine(folder, "link"), outside.Path);
        Directory.CreateSymbolicLink(Path.Combine(inner, "up"), folder);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(outside.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            File.SetUnixFileMode(inner, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            File.SetUnixFileMode(Path.GetDirectoryName(inner)!, UnixFileMode.UserRead);
        }

        Assert.That(FolderRemoval.Try(folder), Is.Null);

        Assert.That((Directory.Exists(folder), File.Exists(kept)), Is.EqualTo((false, true)));
        if (!OperatingSystem.IsWindows())
        {
            Assert.That(
                File.GetUnixFileMode(outside.Path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserExecute),
                "what a link leads to is not touched");
            File.SetUnixFileMode(outside.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Test]
    public void Try_FolderThatIsALink_DeletesTheLinkAlone()
    {
        using var outside = new TemporaryFolder();
        string kept = Path.Combine(outside.Path, "kept");
        File.WriteAllText(kept, "x");
        using var root = new TemporaryFolder();
        string folder = Path.Combine(root.Path, "run");
        Directory.CreateSymbolicLink(folder, outside.Path);

        Assert.That(FolderRemoval.Try(folder), Is.Null);

        Assert.That((new DirectoryInfo(folder).LinkTarget, File.Exists(kept)), Is.EqualTo(((string?)null, true)));
    }

    [Test]
    [Platform("Linux")]
    [SupportedOSPlatform("linux")]
    public void Try_LinkThatCannotBeDeleted_LeavesTheRightsOfWhatItLeadsTo()
    {
        const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserExecute;
        using var outside = new TemporaryFolder();
        string inner = Directory.CreateDirectory(Path.Combine(outside.Path, "inner")).FullName;
        using var root = new TemporaryFolder();
        string folder = Path.Combine(root.Path, "run");
        Directory.CreateSymbolicLink(folder, outside.Path);
        File.SetUnixFileMode(inner, Closed);
        File.SetUnixFileMode(root.Path, Closed);
        try
        {
            Assert.That(WithoutRootRights.Run(() => FolderRemoval.Try(folder)), Does.Contain("no right to"));

            Assert.That(File.GetUnixFileMode(inner), Is.EqualTo(Closed));
        }
        finally
        {
            File.SetUnixFileMode(root.Path, Closed | UnixFileMode.UserWrite);
        }
    }

    [Test]
    public void Try_FolderThatCannotBeDeleted_SaysWhyAndWhatToDo()
    {
        using var root = new TemporaryFolder();
        string folder = Directory.CreateDirectory(Path.Combine(root.Path, "run")).FullName;
        Action remedy = UndeletableFolder.Make(folder, Directory.CreateDirectory(Path.Combine(root.Path, "elsewhere")).FullName);

        Assert.That(FolderRemoval.Try(folder), Does.Contain(folder).And.Contain("too long").And.Contain("Delete it"));

        remedy();
        Assert.That((FolderRemoval.Try(folder), Directory.Exists(folder)), Is.EqualTo(((string?)null, false)));
    }

    [Test]
    public void Try_FolderThatIsGone_IsDone() =>
        Assert.That(FolderRemoval.Try(Path.Combine(Path.GetTempPath(), $"gone-{Guid.NewGuid():N}")), Is.Null);
}
