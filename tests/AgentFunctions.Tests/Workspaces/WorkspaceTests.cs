using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Workspaces;

[Platform("Unix"), UnsupportedOSPlatform("windows")]
public sealed class WorkspaceTests
{
    [TestCase(null, "")]
    [TestCase("", "")]
    [TestCase(".", "")]
    [TestCase("a/b.txt", "a/b.txt")]
    [TestCase("a\\b.txt", "a/b.txt")]
    [TestCase("./a//b/../c", "a/c")]
    [TestCase("a/", "a")]
    [TestCase("~notes.txt", "~notes.txt")]
    [TestCase("...", "...")]
    [TestCase("a:b", "a:b")]
    [TestCase("%2e%2e/x", "%2e%2e/x")]
    public void Resolve_APathWithin_IsFound(string? path, string expected)
    {
        using var bench = new ToolBench();
        Assert.That(bench.Workspace.Resolve(path), Is.EqualTo(Path.Combine(bench.Workspace.Root, expected).TrimEnd('/')));
    }

    [TestCase("..")]
    [TestCase("../secret.txt")]
    [TestCase("../ws/../secret.txt")]
    [TestCase("a/../../secret.txt")]
    [TestCase("..\\secret.txt")]
    [TestCase("a\\..\\..\\secret.txt")]
    [TestCase("/etc/passwd")]
    [TestCase("//server/share")]
    [TestCase("\\\\server\\share")]
    [TestCase("\\\\?\\C:\\x")]
    [TestCase("C:\\Windows")]
    [TestCase("c:/Windows")]
    [TestCase("C:")]
    [TestCase("~")]
    [TestCase("~/x")]
    [TestCase("~root/x")]
    [TestCase("a\0/../../x")]
    public void Resolve_APathThatLeadsOut_IsRefusedByName(string path)
    {
        using var bench = new ToolBench();
        AgentException error = Assert.Throws<AgentException>(() => bench.Workspace.Resolve(path))!;
        Assert.That(error.Code, Is.EqualTo(ErrorCode.PathOutsideWorkspace));
        Assert.That(error.Message, Does.Contain(path.Replace("\0", "\\u0000", StringComparison.Ordinal)).And.Contain("within"));
        Assert.That(error.Message, Does.Not.Contain(bench.Outside));
    }

    [Test]
    public void Resolve_AnAbsolutePath_CountsWhenItIsWithin()
    {
        using var bench = new ToolBench();
        string root = bench.Workspace.Root;
        Assert.That(bench.Workspace.Resolve(root + "/a.txt"), Is.EqualTo(root + "/a.txt"));
        Assert.That(bench.Workspace.Resolve(root), Is.EqualTo(root));
        Assert.That(() => bench.Workspace.Resolve(root + "-other/a.txt"), Throws.TypeOf<AgentException>());
        Assert.That(() => bench.Workspace.Resolve(root + "/../x"), Throws.TypeOf<AgentException>());
    }

    [Test]
    public void Constructor_TheRootIsALink_IsResolvedOnce()
    {
        using var bench = new ToolBench();
        string link = Path.Combine(bench.Outside, "link");
        Directory.CreateSymbolicLink(link, "ws");
        bench.Write("a.txt", "x");

        var workspace = new Workspace(link + "/");

        Assert.That(workspace.Root, Is.EqualTo(bench.Workspace.Root));
        Assert.That(workspace.Resolve(link + "/a.txt"), Is.EqualTo(bench.Workspace.Root + "/a.txt"));
        Assert.That(() => new Workspace(link + "/nothing"), Throws.TypeOf<AgentException>());
    }

    [TestCase("file-out", "../secret.txt")]
    [TestCase("dangling-out", "../not-there")]
    [TestCase("absolute-out", "/etc/passwd")]
    [TestCase("dir-out/x", "..")]
    [TestCase("chain/x", "chain2")]
    [TestCase("loop/x", "loop")]
    [TestCase("out-and-in/a.txt", "../ws2")]
    [TestCase("proc/root/etc/passwd", "/proc/self")]
    public void Resolve_ALinkThatLeadsOut_IsRefusedAndItsTargetNotTold(string path, string target)
    {
        using var bench = new ToolBench();
        File.WriteAllText(Path.Combine(bench.Outside, "secret.txt"), "secret");
        Directory.CreateSymbolicLink(Path.Combine(bench.Outside, "ws2"), "ws");
        File.CreateSymbolicLink(Path.Combine(bench.Root, "chain2"), "../secret.txt");
        File.CreateSymbolicLink(Path.Combine(bench.Root, path.Split('/')[0]), target);

        AgentException error = Assert.Throws<AgentException>(() => bench.Workspace.Resolve(path))!;

        Assert.That(error.Code, Is.EqualTo(ErrorCode.PathOutsideWorkspace));
        Assert.That(error.Message, Does.Not.Contain("secret.txt").And.Not.Contain("passwd'").Or.Contain(path));
        Assert.That(error.Message, Does.Not.Contain(bench.Outside));
    }

    [Test]
    public void Resolve_ALinkWithin_IsFollowed()
    {
        using var bench = new ToolBench();
        bench.Write("real/a.txt", "x");
        Directory.CreateSymbolicLink(Path.Combine(bench.Root, "relative"), "./real");
        Directory.CreateSymbolicLink(Path.Combine(bench.Root, "absolute"), Path.Combine(bench.Root, "relative"));
        File.CreateSymbolicLink(Path.Combine(bench.Root, "new"), "real/not-yet.txt");

        Assert.That(bench.Workspace.Resolve("absolute/a.txt"), Is.EqualTo(bench.Workspace.Root + "/real/a.txt"));
        Assert.That(bench.Workspace.Resolve("new"), Is.EqualTo(bench.Workspace.Root + "/real/not-yet.txt"));
    }

    [Test, CancelAfter(300_000)]
    public void Resolve_PipesSocketsAndDevices_AreRefused()
    {
        using var bench = new ToolBench();
        string pipe = Path.Combine(bench.Root, "pipe");
        using (Process made = Process.Start("mkfifo", pipe))
        {
            made.WaitForExit();
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(bench.Root, "socket")));
        File.CreateSymbolicLink(Path.Combine(bench.Root, "to-pipe"), "pipe");

        foreach (string path in new[] { "pipe", "to-pipe", "socket" })
        {
            Assert.That(
                () => bench.Workspace.Resolve(path),
                Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.PathOutsideWorkspace),
                path);
        }

        var devices = new Workspace("/dev");
        Assert.That(() => devices.Resolve("null"), Throws.TypeOf<AgentException>());
    }

    [TestCase("a/b.txt", "a/b.txt")]
    [TestCase("C:\\ws\\a.txt", "a.txt")]
    [TestCase("c:/WS/sub/../a.txt", "a.txt")]
    [TestCase("console.log", "console.log")]
    [TestCase("..", null)]
    [TestCase("C:\\other", null)]
    [TestCase("C:\\ws-2\\a", null)]
    [TestCase("C:a.txt", null)]
    [TestCase("D:", null)]
    [TestCase("\\\\server\\share\\a", null)]
    [TestCase("\\\\?\\C:\\ws\\a", null)]
    [TestCase("\\\\.\\PhysicalDrive0", null)]
    [TestCase("\\a", null)]
    [TestCase("a.txt:stream", null)]
    [TestCase("NUL", null)]
    [TestCase("sub/con.txt", null)]
    [TestCase("com1 .log", null)]
    [TestCase("a/.. /b", null)]
    [TestCase("a/.../b", null)]
    [TestCase("a./b", null)]
    public void Relative_UnderTheRulesOfWindows_RefusesWhatWindowsReadsOtherwise(string path, string? expected) =>
        Assert.That(PathSyntax.Relative(path, windows: true, "C:\\ws", "C:\\ws", StringComparison.OrdinalIgnoreCase),
            Is.EqualTo(expected));

    [Test]
    public void Confirm_TheFolderBecameALinkAfterTheCheck_IsNoticed()
    {
        using var bench = new ToolBench();
        bench.Write("sub/a.txt", "mine");
        Directory.CreateDirectory(Path.Combine(bench.Outside, "other"));
        File.WriteAllText(Path.Combine(bench.Outside, "other", "a.txt"), "secret");
        string full = bench.Workspace.Resolve("sub/a.txt");
        Directory.Delete(Path.Combine(bench.Root, "sub"), recursive: true);
        Directory.CreateSymbolicLink(Path.Combine(bench.Root, "sub"), "../other");

        using FileStream opened = File.OpenRead(full);

        Assert.That(
            () => bench.Workspace.Confirm(opened.SafeFileHandle, full, "sub/a.txt"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.PathOutsideWorkspace));
    }

    [Test, CancelAfter(300_000)]
    public async Task ReadFile_AFolderIsSwappedForALinkAllTheTime_NeverReadsOutside(CancellationToken cancellationToken)
    {
        using var bench = new ToolBench();
        bench.Write("sub/a.txt", "mine");
        Directory.CreateDirectory(Path.Combine(bench.Outside, "other"));
        File.WriteAllText(Path.Combine(bench.Outside, "other", "a.txt"), "secret");
        string sub = Path.Combine(bench.Root, "sub");
        Directory.CreateSymbolicLink(sub + ".link", "../other");
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task swapping = Task.Factory.StartNew(
            () =>
            {
                while (!done.IsCancellationRequested)
                {
                    Directory.Move(sub, sub + ".real");
                    Directory.Move(sub + ".link", sub);
                    Directory.Move(sub, sub + ".link");
                    Directory.Move(sub + ".real", sub);
                }
            },
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        int read = 0;
        for (int i = 0; i < 4_000; i++)
        {
            ToolOutcome outcome = await bench.InvokeAsync("read_file", new { path = "sub/a.txt" }, cancellationToken);
            Assert.That(outcome.Text, Does.Not.Contain("secret"));
            read += outcome.IsError ? 0 : 1;
        }

        await done.CancelAsync();
        await swapping;
        Assert.That(read, Is.GreaterThan(0));
    }
}
