using System.Runtime.Versioning;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;
using AgentFunctions.Tools.Workspaces.Commands;

namespace AgentFunctions.Tests.Tools.Workspaces.Commands;

[NonParallelizable]
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class CommandSandboxTests
{
    [SetUp]
    public void SetUp()
    {
        if (BubblewrapSandbox.Find([]) is null)
        {
            Assert.Ignore("bwrap is not installed, or user namespaces are not available.");
        }
    }

    [TestCase("echo x > in && cat in", "exit code 0")]
    [TestCase("echo x > ../out", "exit code 0")]
    [TestCase("cat ../secret", "exit code 1")]
    [TestCase("echo x > /usr/x", "exit code 1")]
    [TestCase("cat < /dev/tcp/127.0.0.1/22", "exit code 1")]
    [TestCase("kill -0 PARENT", "exit code 1")]
    public async Task Command_InTheSandbox_IsConfinedToTheWorkspace(string script, string expected)
    {
        using ToolBench bench = Bench();
        File.WriteAllText(Path.Combine(bench.Outside, "secret"), "outside");
        ToolOutcome outcome = await RunAsync(bench,
            script.Replace("PARENT", $"{Environment.ProcessId}", StringComparison.Ordinal));

        Assert.That(outcome.Text, Does.StartWith(expected));
        Assert.That(File.Exists(Path.Combine(bench.Outside, "out")), Is.False, "what surrounds the workspace is not there");
    }

    [TestCase("/proc/sys/kernel/core_pattern")]
    [TestCase("/proc/sys/kernel/modprobe")]
    [TestCase("/proc/sys/vm/overcommit_memory")]
    [TestCase("/proc/sysrq-trigger")]
    public async Task Command_InTheSandbox_CannotOpenWhatBelongsToTheMachineForWriting(string file)
    {
        using ToolBench bench = Bench();
        // Nothing is written: what is asked is whether it could be.
        ToolOutcome outcome = await RunAsync(bench,
            $"if exec 3<>{file}; then echo open; fi; if [ -w {file} ]; then echo writable; fi");

        Assert.That(outcome.Text, Does.Not.Contain("open\n").And.Not.Contain("--- output\nopen").And.Not.Contain("writable"));
    }

    [Test]
    public async Task Command_InTheSandbox_DoesNotSeeWhatGoverns()
    {
        using ToolBench bench = Bench();
        bench.Write("data/key", "private");
        string file = bench.Write("policy.yaml", "rules: []");
        SandboxedCommand command = BubblewrapSandbox.Find([Path.Combine(bench.Root, "data"), file])!
            .Wrap(bench.Root, new SandboxedCommand("/bin/sh", ["-c", "cat data/key policy.yaml; echo x > policy.yaml"]));
        CommandResult result = await CommandProcess.RunAsync(command.Program, command.Arguments, bench.Root, [], 10_000,
            TimeProvider.System, CancellationToken.None);

        Assert.That(result.Text, Does.Not.Contain("private").And.Not.Contain("rules"));
        Assert.That(bench.Read("policy.yaml"), Is.EqualTo("rules: []"));
    }

    private static ToolBench Bench() => new(o =>
    {
        o.AllowedCommands.Add("bash:*");
        o.Sandbox = SandboxMode.Required;
    });

    private static Task<ToolOutcome> RunAsync(ToolBench bench, string script) =>
        bench.InvokeAsync("run_command", new { command = "bash", arguments = new[] { "-c", script } });
}
