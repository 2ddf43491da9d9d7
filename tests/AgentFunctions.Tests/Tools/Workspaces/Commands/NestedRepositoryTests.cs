using System.Diagnostics;
using System.Runtime.Versioning;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Tools.Workspaces.Commands;

/// <summary>What a repository within the workspace's own configures is not run by the allowed forms of git.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class NestedRepositoryTests
{
    private ToolBench _bench = null!;

    [SetUp]
    public async Task SetUp()
    {
        _bench = new ToolBench(static o => o.AllowedCommands.Add("git"));
        _bench.Write("a.txt", "one\n");
        _bench.Write("sub/s.txt", "s\n");
        _bench.Write("sub/.gitattributes", "*.txt filter=x diff=x\n");
        await RepositoryAsync(_bench.Root);
        await GitAsync(_bench.Root, "add", "a.txt");
        await GitAsync(_bench.Root, "commit", "-qm", "first");
        await RepositoryAsync(Path.Combine(_bench.Root, "sub"));
        await GitAsync(Path.Combine(_bench.Root, "sub"), "add", "-A");
        await GitAsync(Path.Combine(_bench.Root, "sub"), "commit", "-qm", "sub");
        await GitAsync(_bench.Root, "add", "sub");
        await GitAsync(_bench.Root, "commit", "-qm", "link");

        // The same size and another time, so that git has to look at the content.
        _bench.Write("sub/s.txt", "t\n");
        File.SetLastWriteTimeUtc(Path.Combine(_bench.Root, "sub/.git/index"),
            new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    [TearDown]
    public void TearDown() => _bench.Dispose();

    private static readonly string[] Ways = ["clean", "process", "fsmonitor", "hook", "include", "worktree"];

    private static readonly string[] Commands =
    [
        "status", "status -v", "status --porcelain", "diff", "diff HEAD", "diff --cached", "log -p", "show HEAD",
        "describe --always --dirty", "add -A", "add .", "add sub",
        "add -u", "add -n .", "add -f sub/s.txt", "commit -am x", "commit --dry-run -m x", "commit -m x sub", "commit -m x .",
        "rm -n sub", "rm -r sub", "rm --cached sub",
        "mv sub other", "restore .", "restore --staged .", "checkout HEAD~1", "checkout -b next", "switch -d HEAD~1",
        "reset --hard", "reset --keep HEAD~1", "reset HEAD~1",
        "ls-files -m", "ls-files -o", "grep t", "blame a.txt", "branch -a",
    ];

    [Test]
    public async Task Git_Itself_RunsThem([ValueSource(nameof(Ways))] string way)
    {
        await PlantAsync(way);
        await ShowAllAsync();

        await GitAsync(_bench.Root, "status");

        Assert.That(Marked, Is.True, "the case proves nothing if git alone does not run the program");
    }

    [TestCaseSource(nameof(Commands))]
    public async Task Form_OverARepositoryWithPrograms_RunsNone(string command)
    {
        foreach (string way in new[] { "clean", "fsmonitor", "hook" })
        {
            await PlantAsync(way);
        }

        await ShowAllAsync();

        await RunAsync(command);

        Assert.That(Marked, Is.False);
    }

    [Test]
    public async Task Form_ThatLooksThere_IsRefusedWithTheReason([ValueSource(nameof(Ways))] string way)
    {
        await PlantAsync(way);

        ToolOutcome outcome = await RunAsync("add -A");

        Assert.Multiple(() =>
        {
            Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
            Assert.That(outcome.Text, Does.Contain("the repository 'sub' within this one").And.Contain("git:*"));
            Assert.That(Marked, Is.False);
        });
    }

    [Test]
    public async Task Form_OverARepositoryThatIsNotTrackedYet_RunsNone()
    {
        await GitAsync(_bench.Root, "rm", "-q", "--cached", "sub");
        await PlantAsync("clean");
        await PlantAsync("hook");

        ToolOutcome outcome = await RunAsync("add -A");

        Assert.That(outcome.Text, Does.Contain("within this one"));
        Assert.That(Marked, Is.False);
    }

    [TestCase("status")]
    [TestCase("status --ignore-submodules=none")]
    [TestCase("diff --ignore-submodules=none")]
    public async Task Form_ThatAsksForThem_RunsNone(string command)
    {
        await PlantAsync("clean");

        await RunAsync(command);

        Assert.That(Marked, Is.False);
    }

    [Test]
    public async Task Form_OverALinkedRepositoryWithPrograms_RunsNone()
    {
        // As 'git submodule add' makes them: the repository in .git/modules, a file in its place.
        await PlantAsync("clean");
        string modules = Path.Combine(_bench.Root, ".git/modules");
        Directory.CreateDirectory(modules);
        Directory.Move(Path.Combine(_bench.Root, "sub/.git"), Path.Combine(modules, "sub"));
        _bench.Write("sub/.git", "gitdir: ../.git/modules/sub\n");
        await ShowAllAsync();

        ToolOutcome outcome = await RunAsync("add -A");
        await RunAsync("status");

        Assert.That(outcome.Text, Does.Contain("filter.x.clean"));
        Assert.That(Marked, Is.False);
    }

    [TestCase("add -A")]
    [TestCase("commit -am second")]
    [TestCase("describe --always --dirty")]
    [TestCase("checkout -b next")]
    public async Task Form_OverAHarmlessRepository_Runs(string command)
    {
        ToolOutcome outcome = await RunAsync(command);

        Assert.That(outcome.Text, Does.StartWith("exit code 0").Or.Contain("nothing to commit").Or.Contain("no changes added"));
    }

    private string Mark => Path.Combine(_bench.Outside, "mark");

    private bool Marked => File.Exists(Mark);

    private Task<ToolOutcome> RunAsync(string command) =>
        _bench.InvokeAsync("run_command", new { command = "git", arguments = command.Split(' ') });

    /// <summary>The owner's own word that the state of the inner repository counts goes before all configuration.</summary>
    private async Task ShowAllAsync()
    {
        _bench.Write(".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = ./sub\n\tignore = none\n");
        await GitAsync(_bench.Root, "add", ".gitmodules");
        Clear();
    }

    private async Task PlantAsync(string way)
    {
        string sub = Path.Combine(_bench.Root, "sub");
        string evil = Program("evil.sh");
        switch (way)
        {
            case "hook":
                File.Copy(evil, Path.Combine(sub, ".git/hooks/post-index-change"), overwrite: true);
                break;
            case "include":
                await File.WriteAllTextAsync(Path.Combine(_bench.Outside, "more"), $"[filter \"x\"]\n\tclean = {evil}\n");
                await GitAsync(sub, "config", "include.path", Path.Combine(_bench.Outside, "more"));
                break;
            case "worktree":
                await GitAsync(sub, "config", "extensions.worktreeConfig", "true");
                await GitAsync(sub, "config", "--worktree", "filter.x.clean", evil);
                break;
            case "fsmonitor":
                await GitAsync(sub, "config", "core.fsmonitor", evil);
                break;
            default:
                await GitAsync(sub, "config", "filter.x." + way, evil);
                break;
        }

        Clear();
    }

    private string Program(string name)
    {
        string file = Path.Combine(_bench.Outside, name);
        File.WriteAllText(file, $"#!/bin/sh\necho $0 $@ >> {Mark}\ncat\n");
        File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
        return file;
    }

    // What the tests' own git runs does not count.
    private void Clear() => File.Delete(Mark);

    private static async Task RepositoryAsync(string folder)
    {
        await GitAsync(folder, "init", "-q");
        await GitAsync(folder, "config", "user.name", "x");
        await GitAsync(folder, "config", "user.email", "x@y");
    }

    private static async Task GitAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, await errors);
    }
}
