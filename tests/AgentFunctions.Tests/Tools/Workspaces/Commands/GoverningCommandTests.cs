using System.Diagnostics;
using System.Runtime.Versioning;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Tools.Workspaces.Commands;

/// <summary>The allowed forms of git change nothing that governs, whatever folder they are told.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class GoverningCommandTests
{
    private ToolBench _bench = null!;

    [SetUp]
    public async Task SetUp()
    {
        _bench = new ToolBench(
            static o => o.AllowedCommands.Add("git"),
            governing: static root =>
            [
                new GoverningPath(Path.Combine(root, "config/policy.yaml"), "the policy"),
                new GoverningPath(Path.Combine(root, ".mcp.json"), "the tool servers"),
                new GoverningPath(Path.Combine(root, "agents"), "the agents"),
            ]);
        _bench.Write("config/policy.yaml", "old");
        _bench.Write("a.txt", "one");
        await GitAsync("init", "-q");
        await GitAsync("config", "user.name", "x");
        await GitAsync("config", "user.email", "x@y");
        await GitAsync("add", "-A");
        await GitAsync("commit", "-qm", "first");
        _bench.Write("config/policy.yaml", "strict");
        _bench.Write("new/policy.yaml", "lax");
        _bench.Write("new/.mcp.json", "{}");
        _bench.Write("new/agents/evil.md", "x");
        _bench.Write("new/config/policy.yaml", "lax");
        await GitAsync("add", "-A");
        await GitAsync("commit", "-qm", "second");
    }

    [TearDown]
    public void TearDown() => _bench.Dispose();

    [TestCase("mv", "-f", "new/policy.yaml", "config/policy.yaml")]
    [TestCase("mv", "-f", "new/policy.yaml", "config")]
    [TestCase("mv", "-f", "a.txt", "new/policy.yaml", "config/")]
    [TestCase("mv", "new/.mcp.json", ".")]
    [TestCase("mv", "new/.mcp.json", "new/..")]
    [TestCase("mv", "new/agents", ".")]
    [TestCase("mv", "new/agents", "agents")]
    [TestCase("mv", "new", "agents")]
    [TestCase("mv", "config", "old")]
    [TestCase("mv", "new/agents/", ".")]
    [TestCase("rm", "-rf", "config")]
    [TestCase("rm", "-rf", ".")]
    [TestCase("restore", "-s", "HEAD~1", ".")]
    [TestCase("restore", "--source=HEAD~1", "config")]
    [TestCase("checkout", "HEAD~1")]
    [TestCase("checkout", "HEAD~1", "--", ".")]
    [TestCase("checkout", "HEAD~1", "--", "config")]
    [TestCase("checkout", "-b", "old", "HEAD~1")]
    [TestCase("switch", "-d", "HEAD~1")]
    [TestCase("switch", "-c", "old", "HEAD~1")]
    [TestCase("reset", "--hard", "HEAD~1")]
    [TestCase("reset", "--keep", "HEAD~1")]
    public async Task Form_ThatMayChangeWhatGoverns_IsRefused(params string[] arguments)
    {
        ToolOutcome outcome = await _bench.InvokeAsync("run_command", new { command = "git", arguments });

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid).Or.EqualTo(ErrorCode.PathReserved), outcome.Text);
        Assert.That(await File.ReadAllTextAsync(Path.Combine(_bench.Root, "config/policy.yaml")), Is.EqualTo("strict"));
        Assert.That(Path.Exists(Path.Combine(_bench.Root, "agents")) || File.Exists(Path.Combine(_bench.Root, ".mcp.json")),
            Is.False);
    }

    [TestCase("mv", "a.txt", "b.txt")]
    [TestCase("mv", "new/policy.yaml", ".")]
    [TestCase("rm", "-r", "new")]
    [TestCase("restore", "-s", "HEAD~1", "a.txt")]
    [TestCase("checkout", "HEAD~1", "--", "a.txt")]
    [TestCase("checkout", "-b", "next")]
    [TestCase("switch", "-c", "next")]
    [TestCase("reset", "HEAD~1")]
    public async Task Form_OfOtherFiles_Runs(params string[] arguments)
    {
        ToolOutcome outcome = await _bench.InvokeAsync("run_command", new { command = "git", arguments });

        Assert.That(outcome.Text, Does.StartWith("exit code 0"));
        Assert.That(await File.ReadAllTextAsync(Path.Combine(_bench.Root, "config/policy.yaml")), Is.EqualTo("strict"));
    }

    private async Task GitAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = _bench.Root })!;
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero);
    }
}
