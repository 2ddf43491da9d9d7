using System.Text.RegularExpressions;

namespace AgentFunctions.EndToEnd;

/// <summary>What a newcomer does first: run the sample, kill it, run it again.</summary>
[CancelAfter(300_000)]
internal sealed partial class QuickstartTests
{
    private static readonly Dictionary<string, string> Slow = new() { ["Rehearsal__Pause"] = "00:00:00.300" };

    /// <summary>A run that has three pauses before it, of its four, when it is killed: it has not ended by then.</summary>
    private static readonly Dictionary<string, string> ToKill = new() { ["Rehearsal__Pause"] = "00:00:05" };

    [Test]
    public async Task Quickstart_KilledAndRunAgain_ResumesTheRunAndWritesTheReport(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string workspace = folder.Path;
        await File.WriteAllTextAsync(Path.Combine(workspace, "shop.cs"), "// TODO: sell something\n", cancellationToken);
        string first;
        await using (ProgramProcess killed = ProgramProcess.StartSample("Quickstart", ToKill, "--workspace", workspace))
        {
            await killed.LineAsync(static line => line.Contains("list_files done", StringComparison.Ordinal));
            await killed.KillAsync();
            first = RunId().Match(killed.Output).Value;
        }

        await using ProgramProcess again = ProgramProcess.StartSample("Quickstart", Slow, "--workspace", workspace);
        int exitCode = await again.WaitAsync();

        Assert.That(exitCode, Is.Zero, again.Output + again.Errors);
        Assert.That(again.Output, Does.Contain($"Resuming {first}").And.Contain("[rehearsal model]"));
        string report = await File.ReadAllTextAsync(Path.Combine(workspace, ".agentfunctions", "audit-report.md"),
            cancellationToken);
        Assert.That(report, Does.Contain("shop.cs:1").And.Contain("[rehearsal model]"));
        Assert.That(Directory.GetFiles(workspace, "*.db*", SearchOption.AllDirectories), Is.Empty,
            "data lie outside of the workspace");
    }

    [Test]
    public async Task Quickstart_WithTheDataOfAnEarlierVersionInTheWorkspace_ResumesTheRun(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string workspace = folder.Folder("workspace");
        string state = folder.Folder("state");
        await File.WriteAllTextAsync(Path.Combine(workspace, "shop.cs"), "// TODO: sell something\n", cancellationToken);
        string first;
        await using (ProgramProcess killed = ProgramProcess.StartSample(
            "Quickstart", new(ToKill) { ["XDG_STATE_HOME"] = state }, "--workspace", workspace))
        {
            await killed.LineAsync(static line => line.Contains("list_files done", StringComparison.Ordinal));
            await killed.KillAsync();
            first = RunId().Match(killed.Output).Value;
        }

        // As earlier versions laid it out: in the workspace, without a head.
        string earlier = Directory.CreateDirectory(Path.Combine(workspace, ".agentfunctions")).FullName;
        foreach (string file in Directory.GetFiles(state, "quickstart.db*", SearchOption.AllDirectories))
        {
            File.Move(file, Path.Combine(earlier, Path.GetFileName(file)));
        }

        await using ProgramProcess again = ProgramProcess.StartSample("Quickstart", Slow, "--workspace", workspace);
        Assert.That(await again.WaitAsync(), Is.Zero, again.Output + again.Errors);
        Assert.That(again.Output, Does.Contain($"Resuming {first}"));
    }

    [GeneratedRegex("run [0-9a-z]{26}")]
    private static partial Regex RunId();
}
