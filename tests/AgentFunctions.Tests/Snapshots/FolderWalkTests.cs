using System.Diagnostics;
using System.Runtime.Versioning;
using AgentFunctions.Snapshots;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Snapshots;

internal sealed class FolderWalkTests
{
    [Test]
    public void Make_OfAFolder_LeavesOutWhatIsIgnoredAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        Write(folder, ".git/config", "node_modules/a/b.js", "kept.txt", "a.tmp", "sub/b.tmp", TemporaryFiles.Prefix + "1");
        File.WriteAllText(Path.Combine(folder.Path, ".gitignore"), "*.tmp");
        File.WriteAllText(Path.Combine(folder.Path, ".afignore"), "!b.tmp");

        FolderWalk walk = Walk(folder);

        Assert.That(Paths(walk), Is.EqualTo(new[] { ".afignore", ".gitignore", "kept.txt", "sub", "sub/b.tmp" }));
        Assert.That(walk.Skipped.Select(static one => (one.Path, one.Why)), Is.EqualTo(
            new[] { (".git", "ignore rules leave it out"), ("a.tmp", "ignore rules leave it out"),
                ("node_modules", "ignore rules leave it out") }));
    }

    [Test]
    public void Make_OfLinks_FollowsNone()
    {
        using var outside = new TemporaryFolder();
        Write(outside, "secret");
        using var folder = new TemporaryFolder();
        Write(folder, "in/file");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "in", "up"), folder.Path);
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "self"), Path.Combine(folder.Path, "self"));
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "out"), outside.Path);
        File.CreateSymbolicLink(Path.Combine(folder.Path, "none"), "nowhere");

        FolderWalk walk = Walk(folder);

        Assert.That(Paths(walk), Is.EquivalentTo(new[] { "in", "in/file", "in/up", "none", "out", "self" }));
        Assert.That(walk.Skipped, Is.Empty);
    }

    [Test]
    [Platform("Linux")]
    public void Make_OfAPipe_DoesNotOpenItAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "file");
        using Process made = Process.Start("mkfifo", [Path.Combine(folder.Path, "pipe")]);
        made.WaitForExit();

        FolderWalk walk = Walk(folder);

        Assert.That(Paths(walk), Is.EqualTo(new[] { "file" }));
        Assert.That(walk.Skipped.Single(), Is.EqualTo(new SkippedPath("pipe", "it is a device, pipe or socket")));
    }

    [Test]
    [Platform("Linux")]
    [SupportedOSPlatform("linux")]
    public void Make_OfAFolderThatMustNotBeRead_SaysSo()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "closed/file", "open/file");
        string closed = Path.Combine(folder.Path, "closed");
        File.SetUnixFileMode(closed, UnixFileMode.None);
        try
        {
            FolderWalk walk = WithoutRootRights.Run(() => Walk(folder));

            Assert.That(Paths(walk), Is.EqualTo(new[] { "closed", "open", "open/file" }));
            Assert.That(walk.Skipped.Single(), Is.EqualTo(new SkippedPath("closed", "the folder cannot be read")));
        }
        finally
        {
            File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Test]
    [Platform("Linux")]
    [SupportedOSPlatform("linux")]
    public void Read_OfAFileThatMustNotBeRead_KeepsNothingAndSaysWhy()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "closed");
        File.SetUnixFileMode(Path.Combine(folder.Path, "closed"), UnixFileMode.None);

        FolderEntry entry = WithoutRootRights.Run(() => FolderEntry.Read(new Workspace(folder.Path), "closed"));

        Assert.That((entry.Image!.NotKept, entry.Why), Is.EqualTo((true, "it cannot be read")));
    }

    [Test]
    public void Read_OfAFileBeyondTheBound_KeepsNothingAndSaysWhy()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "large", "largest");
        Lengthen(folder, "largest", FolderBounds.File);
        Lengthen(folder, "large", FolderBounds.File + 1);

        FolderEntry large = FolderEntry.Read(new Workspace(folder.Path), "large");
        FolderEntry largest = FolderEntry.Read(new Workspace(folder.Path), "largest");

        Assert.That((large.Content, large.Image!.NotKept, large.Why),
            Is.EqualTo(((byte[]?)null, true, "it has more than 5 MiB")));
        Assert.That((largest.Content!.Length, largest.Image!.NotKept), Is.EqualTo((FolderBounds.File, false)));
    }

    [Test]
    public void Make_OfFoldersBeyondTheDepth_StopsThereAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        string deepest = string.Join('/', Enumerable.Repeat("d", FolderBounds.Depth));
        Write(folder, $"{deepest}/beyond", "z/file");

        FolderWalk walk = Walk(folder);

        Assert.That(Paths(walk), Does.Contain(deepest).And.Not.Contain($"{deepest}/beyond").And.Contain("z/file"));
        Assert.That(walk.Skipped.Single().Path, Is.EqualTo(deepest));
    }

    [Test]
    public void Make_OfMoreEntriesThanTheBound_StopsThereAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", "b/c", "b/d", "e");

        FolderWalk walk = FolderWalk.Make(new Workspace(folder.Path), static () => false, default, 4);

        Assert.That(Paths(walk), Is.EqualTo(new[] { "a", "b", "e", "b/c" }));
        Assert.That(walk.Skipped.Single(),
            Is.EqualTo(new SkippedPath(".", "the folder has more than 4 entries; the rest was not looked at")));
        Assert.That(FolderWalk.Make(new Workspace(folder.Path), static () => false, default, 5).Skipped, Is.Empty);
    }

    [Test]
    public void Make_OfAFolderThatTakesTooLong_StopsAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", "b", "c");
        int looks = 0;

        FolderWalk walk = FolderWalk.Make(new Workspace(folder.Path), () => ++looks > 2, default);

        Assert.That(Paths(walk), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(walk.Skipped.Single().Why, Does.Contain("longer than 30 seconds"));
    }

    [Test]
    public void Make_OfMoreIgnoredThanAreNamed_SaysThatThereAreMore()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, ".gitignore"), "x*");
        for (int number = 0; number < FolderBounds.Named + 20; number++)
        {
            Write(folder, $"x{number}");
        }

        FolderWalk walk = Walk(folder);

        Assert.That(walk.Skipped, Has.Count.EqualTo(FolderBounds.Named + 1));
        Assert.That(walk.Skipped[^1].Why, Does.Contain("not named"));
    }

    private static FolderWalk Walk(TemporaryFolder folder) =>
        FolderWalk.Make(new Workspace(folder.Path), static () => false, default);

    private static IEnumerable<string> Paths(FolderWalk walk) => walk.Entries.Select(static one => one.Path);

    private static void Write(TemporaryFolder folder, params string[] paths)
    {
        foreach (string path in paths)
        {
            string full = Path.Combine(folder.Path, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, "x");
        }
    }

    private static void Lengthen(TemporaryFolder folder, string path, long length)
    {
        using FileStream file = File.OpenWrite(Path.Combine(folder.Path, path));
        file.SetLength(length);
    }
}
