using System.Diagnostics;
using System.Runtime.Versioning;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Tools.Workspaces.Commands;

[NonParallelizable]
[Platform("Unix"), UnsupportedOSPlatform("windows")]
public sealed class RunCommandToolTests
{
    [Test]
    public void TheTool_ByDefault_IsOnlyByNameAndNotIdempotent()
    {
        using var bench = new ToolBench();
        AgentTool tool = bench.Tools.Single(t => t.Name == "run_command");
        Assert.That((tool.IsOptIn, tool.Effect), Is.EqualTo((true, ToolEffect.NotIdempotent)));
        Assert.That(tool.Function.Description, Does.Contain("allows no command"));
    }

    [TestCase("ls")]
    [TestCase("/bin/echo")]
    [TestCase("./echo")]
    [TestCase("echo hi")]
    [TestCase("ECHO")]
    [TestCase("")]
    public async Task RunCommand_NotOnTheList_IsRefused(string command)
    {
        using var bench = new ToolBench(o => o.AllowedCommands.Add("echo"));
        ToolOutcome outcome = await bench.InvokeAsync("run_command", new { command });
        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(outcome.Text, Does.Contain("Allowed: echo."));
    }

    [Test]
    public void AllowedCommands_APath_IsRefusedAtStart() =>
        Assert.That(() => new ToolBench(o => o.AllowedCommands.Add("/bin/sh")),
            Throws.TypeOf<AgentException>().With.Message.Contains("AllowedCommands"));

    [Test]
    public async Task RunCommand_Arguments_PassNoShell()
    {
        using var bench = new ToolBench(o => o.AllowedCommands.Add("echo"));
        ToolOutcome outcome = await bench.InvokeAsync("run_command",
            new { command = "echo", arguments = new[] { "$HOME", "a b", "; ls", "\"*\"" } });
        Assert.That(outcome.Text, Is.EqualTo("exit code 0\n--- output\n$HOME a b ; ls \"*\""));
    }

    [Test]
    public async Task RunCommand_AProgramOfThatNameInTheWorkspace_IsNotRun()
    {
        using var bench = new ToolBench(o => o.AllowedCommands.Add("planted"));
        string planted = bench.Write("planted", "#!/bin/sh\necho pwned");
        File.SetUnixFileMode(planted, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string current = Environment.CurrentDirectory;
        string? path = Environment.GetEnvironmentVariable("PATH");
        try
        {
            Environment.CurrentDirectory = bench.Root;
            Environment.SetEnvironmentVariable("PATH", $"{bench.Root}:.:{path}");
            Assert.That((await bench.InvokeAsync("run_command", new { command = "planted" })).Text,
                Does.Contain("not installed"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
            Environment.CurrentDirectory = current;
        }
    }

    [Test]
    public async Task RunCommand_TheEnvironment_HoldsNoSecretsOfTheHost()
    {
        Environment.SetEnvironmentVariable("OPENAI_API_KEY", "sk-secret");
        Environment.SetEnvironmentVariable("WANTED", "yes");
        using var bench = new ToolBench(o =>
        {
            o.AllowedCommands.Add("env");
            o.PassedEnvironment.Add("WANTED");
        });
        ToolOutcome outcome = await bench.InvokeAsync("run_command", new { command = "env" });
        Assert.That(outcome.Text, Does.Not.Contain("sk-secret").And.Contain("WANTED=yes").And.Contain("PATH="));
    }

    [Test]
    public async Task RunCommand_FolderInputAndExitCode_AreAsPromised()
    {
        using var bench = new ToolBench(o => o.AllowedCommands.UnionWith(["pwd", "cat", "sh"]));
        Assert.That((await bench.InvokeAsync("run_command", new { command = "pwd" })).Text, Does.EndWith(bench.Workspace.Root));
        Assert.That((await bench.InvokeAsync("run_command", new { command = "cat" })).Text, Is.EqualTo("exit code 0"),
            "input must be at its end");
        ToolOutcome failed = await bench.InvokeAsync("run_command",
            new { command = "sh", arguments = new[] { "-c", "echo out; echo bad >&2; exit 3" } });
        Assert.That(failed.Text, Is.EqualTo("exit code 3\n--- output\nout\n--- errors\nbad"));
        Assert.That(failed.IsError, Is.False);
    }

    [Test, CancelAfter(300_000)]
    public async Task RunCommand_EndlessOutput_IsBoundedAndItsEndKept(CancellationToken cancellationToken)
    {
        using var bench = new ToolBench(o =>
        {
            o.AllowedCommands.Add("sh");
            o.MaxCommandOutput = 1_000;
        });
        ToolOutcome outcome = await bench.InvokeAsync(
            "run_command", new { command = "sh", arguments = new[] { "-c", "echo first; seq 1 500000; echo last" } },
            cancellationToken);
        Assert.That(outcome.Text, Does.Contain("first").And.EndsWith("last").And.Contain("characters left out"));
        Assert.That(outcome.Text, Has.Length.LessThan(1_200));
    }

    [Test, CancelAfter(300_000)]
    public async Task RunCommand_TooLong_KillsTheWholeTree(CancellationToken cancellationToken)
    {
        using var bench = new ToolBench(o =>
        {
            o.AllowedCommands.Add("sh");
            o.CommandTimeout = TimeSpan.FromSeconds(40);
        });
        ToolOutcome outcome = await bench.InvokeAsync(
            "run_command", new { command = "sh", arguments = new[] { "-c", "sleep 300 & echo $! > child; wait" } },
            cancellationToken);
        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolTimeout));
        Assert.That(outcome.Text, Does.Contain("not known"));
        await AssertGoneAsync(int.Parse(bench.Read("child")), cancellationToken);
    }

    [Test, CancelAfter(300_000)]
    public async Task RunCommand_TheRunIsCancelled_KillsTheProcessAndThrows(CancellationToken cancellationToken)
    {
        using var bench = new ToolBench(o => o.AllowedCommands.Add("sh"));
        using var watcher = new FileSystemWatcher(bench.Root) { EnableRaisingEvents = true };
        var started = new TaskCompletionSource();
        watcher.Renamed += (_, _) => started.TrySetResult();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<ToolOutcome> running = bench.InvokeAsync(
            "run_command", new { command = "sh", arguments = new[] { "-c", "echo $$ > tmp; mv tmp pid; exec sleep 300" } },
            stop.Token);
        await started.Task.WaitAsync(cancellationToken);
        await stop.CancelAsync();
        Assert.That(async () => await running, Throws.InstanceOf<OperationCanceledException>());
        await AssertGoneAsync(int.Parse(bench.Read("pid")), cancellationToken);
    }

    [Test, CancelAfter(300_000)]
    public async Task RunCommand_AProgramThatItLeavesRunning_DoesNotHoldItUp(CancellationToken cancellationToken)
    {
        using var bench = new ToolBench(o => o.AllowedCommands.Add("sh"));
        ToolOutcome outcome = await bench.InvokeAsync(
            "run_command", new { command = "sh", arguments = new[] { "-c", "sleep 30 & echo $! > child; echo done" } },
            cancellationToken);
        using (var left = Process.GetProcessById(int.Parse(bench.Read("child"))))
        {
            left.Kill();
        }

        Assert.That(outcome.Text, Is.EqualTo("exit code 0\n--- output\ndone"));
    }

    private static async Task AssertGoneAsync(int id, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (ArgumentException)
        {
            // It is gone already.
        }
    }
}
