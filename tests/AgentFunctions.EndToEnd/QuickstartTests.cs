using System.Text.RegularExpressions;

namespace AgentFunctions.EndToEnd;

/// <summary>What a newcomer does first: run the sample, kill it, run it again.</summary>
[CancelAfter(120_000)]
internal sealed partial class QuickstartTests
{
    private static readonly Dictionary<string, string> Slow = new() { ["Rehearsal__Pause"] = "00:00:00.300" };

    [Test]
    public async Task Quickstart_KilledAndRunAgain_ResumesTheRunAndWritesTheReport(CancellationToken cancellationToken)
    {
        string workspace = Directory.CreateTempSubdirectory("agentfunctions-").FullName;
        await File.WriteAllTextAsync(Path.Combine(workspace, "shop.cs"), "// TODO: sell something\n", cancellationToken);
        string first;
        await using (ProgramProcess killed = ProgramProcess.StartSample("Quickstart", Slow, "--workspace", workspace))
        {
            await killed.LineAsync(static line => line.Contains("turn 2", StringComparison.Ordinal));
            await killed.KillAsync();
            first = RunId().Match(killed.Output).Value;
        }

        await using ProgramProcess again = ProgramProcess.StartSample("Quickstart", Slow, "--workspace", workspace);
        int exitCode = await again.WaitAsync();

        Assert.That(exitCode, Is.Zero, again.Output + again.Errors);
        Assert.That(again.Output, Does.Contain($"Resuming {first}").And.Contain("[rehearsal model]"));
        string report = await File.ReadAllTextAsync(Path.Combine(workspace, ".agentfunctions", "audit-report.md"), cancellationToken);
        Assert.That(report, Does.Contain("shop.cs:1").And.Contain("[rehearsal model]"));
        Directory.Delete(workspace, true);
    }

    [GeneratedRegex("run [0-9a-z]{26}")]
    private static partial Regex RunId();
}
