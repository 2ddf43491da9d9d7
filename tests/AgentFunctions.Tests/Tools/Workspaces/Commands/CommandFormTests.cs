using System.Runtime.Versioning;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Tools.Workspaces.Commands;

/// <summary>A program that is allowed by name runs nothing but its own forms.</summary>
[NonParallelizable]
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class CommandFormTests
{
    private ToolBench _bench = null!;
    private ToolBench _owner = null!;

    [SetUp]
    public async Task SetUp()
    {
        _bench = new ToolBench(o => o.AllowedCommands.UnionWith(["git", "ls", "cat", "grep", "find", "head", "rg", "diff",
            "dotnet", "python3", "npm"]));
        _owner = _bench;
        _bench.Write("a.txt", "one\n");
        _bench.Write("evil.sh", "#!/bin/sh\ntouch pwned\ncat\n");
        File.SetUnixFileMode(Path.Combine(_bench.Root, "evil.sh"), (UnixFileMode)0b111_101_101);
        await GitAsync("init", "-q");
        await GitAsync("add", "a.txt");
        await GitAsync("-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "first");
        _bench.Write("a.txt", "two\n");
        File.WriteAllText(Path.Combine(_bench.Outside, "secret"), "outside");
    }

    [TearDown]
    public void TearDown() => _bench.Dispose();

    [TestCase("git", "status")]
    [TestCase("git", "status", "-sb")]
    [TestCase("git", "diff")]
    [TestCase("git", "diff", "--stat", "HEAD", "--", "a.txt")]
    [TestCase("git", "log", "--oneline", "-3")]
    [TestCase("git", "log", "-n", "1", "--format=%h %s")]
    [TestCase("git", "show", "HEAD:a.txt")]
    [TestCase("git", "add", "-A")]
    [TestCase("git", "commit", "-am", "- second")]
    [TestCase("git", "branch", "-a")]
    [TestCase("git", "blame", "a.txt")]
    [TestCase("git", "grep", "-n", "t")]
    [TestCase("git", "checkout", "-b", "next")]
    [TestCase("ls", "-la", ".")]
    [TestCase("cat", "a.txt")]
    [TestCase("grep", "-rn", "two", ".")]
    [TestCase("find", ".", "-name", "*.txt", "-type", "f")]
    [TestCase("head", "-n", "1", "a.txt")]
    public async Task Form_Shipped_Runs(string command, params string[] arguments)
    {
        ToolOutcome outcome = await RunAsync(command, arguments);

        Assert.That(outcome.Text, Does.StartWith("exit code 0"));
    }

    [TestCase("diff", "-rN", "left", "right")]
    [TestCase("grep", "-r", "outside", "left")]
    [TestCase("rg", "outside", "left")]
    [TestCase("git", "diff", "left", "right")]
    public async Task Form_ALinkWithinAFolder_ShowsNothingOfWhatItLeadsTo(string command, params string[] arguments)
    {
        _bench.Write("left/a.txt", "one\n");
        _bench.Write("right/a.txt", "two\n");
        File.CreateSymbolicLink(Path.Combine(_bench.Root, "left", "link"), Path.Combine(_bench.Outside, "secret"));

        ToolOutcome outcome = await RunAsync(command, arguments);

        // The last line of the file, which names of paths do not have.
        Assert.That(outcome.Text.Split('\n').Select(static line => line.TrimStart('<', '>', '+', '-', ' ')),
            Has.None.EqualTo("outside"));
    }

    [TestCase("git", "-c", "core.pager=./evil.sh", "log")]
    [TestCase("git", "-c", "alias.x=!./evil.sh", "x")]
    [TestCase("git", "-C", "..", "status")]
    [TestCase("git", "--exec-path=.", "status")]
    [TestCase("git", "--git-dir=.", "status")]
    [TestCase("git", "config", "core.fsmonitor", "./evil.sh")]
    [TestCase("git", "diff", "--ext-diff")]
    [TestCase("git", "diff", "--ext")]
    [TestCase("git", "diff", "--output=out.txt")]
    [TestCase("git", "diff", "--outp", "x")]
    [TestCase("git", "diff", "--no-index", "a.txt", "/etc/passwd")]
    [TestCase("git", "diff", "/etc/passwd", "/etc/hosts")]
    [TestCase("git", "log", "--textconv")]
    [TestCase("git", "grep", "-O./evil.sh", "two")]
    [TestCase("git", "grep", "--open-files-in-pager=./evil.sh", "two")]
    [TestCase("git", "rebase", "-x", "./evil.sh", "HEAD")]
    [TestCase("git", "bisect", "run", "./evil.sh")]
    [TestCase("git", "fetch", "ext::sh -c ./evil.sh")]
    [TestCase("git", "clone", "--upload-pack=./evil.sh", ".", "x")]
    [TestCase("git", "ls-remote", "--upload-pack=./evil.sh", ".")]
    [TestCase("git", "archive", "--exec=./evil.sh", "HEAD")]
    [TestCase("git", "submodule", "foreach", "./evil.sh")]
    [TestCase("git", "difftool", "-x", "./evil.sh")]
    [TestCase("git", "commit", "-F", "/etc/passwd")]
    [TestCase("git", "commit", "-e")]
    [TestCase("git", "add", "-p")]
    [TestCase("git", "blame", "--contents", "/etc/passwd", "a.txt")]
    [TestCase("git", "add", "../secret")]
    [TestCase("git", "init", "--template=.")]
    [TestCase("git", "stash", "pop")]
    [TestCase("git", "mv", "evil.sh", ".git/hooks/post-commit")]
    [TestCase("git")]
    [TestCase("cat", "../secret")]
    [TestCase("cat", "/proc/self/environ")]
    [TestCase("cat", "/proc/self/cwd/a.txt")]
    [TestCase("ls", "/")]
    [TestCase("grep", "-f", "/etc/passwd", "a.txt")]
    [TestCase("grep", "-R", "x", ".")]
    [TestCase("grep", "-r", "x", "/etc")]
    [TestCase("find", ".", "-exec", "./evil.sh", "{}", ";")]
    [TestCase("find", ".", "-execdir", "./evil.sh", ";")]
    [TestCase("find", ".", "-ok", "./evil.sh", ";")]
    [TestCase("find", ".", "-fprintf", "out", "x")]
    [TestCase("find", ".", "-delete")]
    [TestCase("find", "/", "-name", "x")]
    [TestCase("find", "-L", ".")]
    [TestCase("rg", "--pre", "./evil.sh", "x")]
    [TestCase("rg", "--hostname-bin=./evil.sh", "x")]
    [TestCase("rg", "-z", "x")]
    [TestCase("rg", "-f", "/etc/passwd")]
    [TestCase("dotnet", "evil.dll")]
    [TestCase("dotnet", "exec", "evil.dll")]
    [TestCase("dotnet", "build", "@evil.rsp")]
    [TestCase("dotnet", "build", "-p:CustomBeforeMicrosoftCommonTargets=/tmp/x")]
    [TestCase("dotnet", "test", "/outside.sln")]
    [TestCase("python3", "-c", "print(1)")]
    [TestCase("python3", "-m", "http.server")]
    [TestCase("python3", "../x.py")]
    [TestCase("npm", "exec", "x")]
    [TestCase("npm", "install", "x")]
    [TestCase("npm", "run", "--script-shell=./evil.sh", "x")]
    public async Task Form_Another_IsRefusedWithTheRemedy(string command, params string[] arguments)
    {
        ToolOutcome outcome = await RunAsync(command, arguments);

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(outcome.Text, Does.Contain($"{command}:*"));
        AssertNothingRan();
    }

    [TestCase("core.fsmonitor", "./evil.sh", "status")]
    [TestCase("core.hooksPath", ".", "commit -am x")]
    [TestCase("core.pager", "./evil.sh", "log")]
    [TestCase("pager.log", "./evil.sh", "log")]
    [TestCase("diff.external", "./evil.sh", "diff")]
    [TestCase("diff.x.textconv", "./evil.sh", "diff")]
    [TestCase("diff.x.command", "./evil.sh", "diff")]
    [TestCase("filter.x.clean", "./evil.sh", "add a.txt")]
    [TestCase("filter.x.smudge", "./evil.sh", "checkout -f HEAD")]
    [TestCase("filter.x.process", "./evil.sh", "status")]
    [TestCase("core.editor", "./evil.sh", "commit -a --amend")]
    [TestCase("gpg.program", "./evil.sh", "log --format=%G?")]
    [TestCase("commit.gpgSign", "true", "commit -am x")]
    [TestCase("core.sshCommand", "./evil.sh", "log")]
    [TestCase("include.path", "../evil.config", "status")]
    [TestCase("core.worktree", "/etc", "add hosts")]
    [TestCase("trailer.x.command", "./evil.sh", "commit -am x")]
    public async Task Git_TheRepositorysOwnConfigurationNamesAProgram_ItIsNotRun(string key, string value, string arguments)
    {
        _bench.Write(".gitattributes", "*.txt filter=x diff=x\n");
        _bench.Write("evil.config", "[core]\n\tfsmonitor = ./evil.sh\n");
        await GitAsync("config", key, value);
        await RunAsync("git", arguments.Split(' '));
        AssertNothingRan();
    }

    [Test]
    public async Task Git_AConfigurationThatIsTooLongToBeJudged_IsNotStarted()
    {
        _bench.Write(".gitattributes", "*.txt filter=x\n");
        string config = Path.Combine(_bench.Root, ".git/config");
        string many = string.Concat(Enumerable.Range(0, 1_500)
            .Select(static i => $"[branch \"{i:d5}{new string('y', 200)}\"]\n\tremote = x\n"));
        await File.AppendAllTextAsync(config,
            many + "[filter \"x\"]\n\tclean = ./evil.sh\n" + many.Replace("\"0", "\"1", StringComparison.Ordinal));

        ToolOutcome outcome = await RunAsync("git", "add", "a.txt");

        Assert.That(outcome.Text, Does.Contain("too long"));
        AssertNothingRan();
    }

    [TestCase("gitdir")]
    [TestCase("link")]
    [TestCase("alternates")]
    [TestCase("commondir")]
    public async Task Git_TheRepositoryLeadsToAnother_IsNotStarted(string how)
    {
        string own = Path.Combine(_bench.Root, ".git");
        string other = Path.Combine(_bench.Outside, "other.git");
        switch (how)
        {
            case "alternates":
                Directory.CreateDirectory(Path.Combine(own, "objects/info"));
                await File.WriteAllTextAsync(Path.Combine(own, "objects/info/alternates"), Path.Combine(other, "objects") + "\n");
                break;
            case "commondir":
                await File.WriteAllTextAsync(Path.Combine(own, "commondir"), other + "\n");
                break;
            default:
                Directory.Move(own, other);
                if (how == "link")
                {
                    File.CreateSymbolicLink(own, other);
                }
                else
                {
                    await File.WriteAllTextAsync(own, $"gitdir: {other}\n");
                }

                break;
        }

        ToolOutcome outcome = await RunAsync("git", "show", "HEAD:a.txt");

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(outcome.Text, Does.Contain("leads to another"));
    }

    [Test]
    public async Task Git_AHookInTheRepository_IsNotRun()
    {
        foreach (string hook in new[] { "pre-commit", "post-commit", "post-checkout", "commit-msg", "prepare-commit-msg",
            "post-index-change", "fsmonitor-watchman" })
        {
            File.Copy(Path.Combine(_bench.Root, "evil.sh"), Path.Combine(_bench.Root, ".git/hooks", hook), overwrite: true);
        }

        Assert.That((await RunAsync("git", "commit", "-am", "second")).Text, Does.StartWith("exit code 0"));
        await RunAsync("git", "checkout", "-b", "other");
        AssertNothingRan();
    }

    [Test]
    public async Task Git_ABareRepositoryMadeOfFiles_IsNotOpened()
    {
        using var bench = new ToolBench(o => o.AllowedCommands.Add("git"));
        bench.Write("HEAD", "ref: refs/heads/main\n");
        bench.Write("config",
            "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfsmonitor = touch pwned\n[alias]\n\tx = !touch pwned\n");
        bench.Write("objects/x", "");
        bench.Write("refs/x", "");

        ToolOutcome outcome = await bench.InvokeAsync("run_command", new { command = "git", arguments = new[] { "log" } });

        Assert.That(outcome.Text, Does.Not.StartWith("exit code 0"));
        Assert.That(File.Exists(Path.Combine(bench.Root, "pwned")), Is.False);
    }

    [Test]
    public async Task Name_WithAStar_AllowsAnyArguments()
    {
        using var bench = new ToolBench(o => o.AllowedCommands.Add("git:*"));
        ToolOutcome outcome = await bench.InvokeAsync("run_command",
            new { command = "git", arguments = new[] { "-c", "alias.x=!echo ran", "x" } });

        Assert.That(outcome.Text, Does.Contain("ran"));
    }

    private static readonly string[] Traces = ["pwned"];

    private void AssertNothingRan() =>
        Assert.That(Directory.EnumerateFiles(_bench.Outside, "*", SearchOption.AllDirectories).Select(Path.GetFileName)
            .Intersect(Traces), Is.Empty);

    private Task<ToolOutcome> RunAsync(string command, params string[] arguments) =>
        _bench.InvokeAsync("run_command", new { command, arguments });

    private async Task GitAsync(params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("git",
            arguments)
        { WorkingDirectory = _owner.Root })!;
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero);
    }
}
