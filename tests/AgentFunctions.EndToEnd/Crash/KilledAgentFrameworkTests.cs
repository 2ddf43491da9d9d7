using System.Globalization;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>
/// An agent of Agent Framework as a durable run, alone and in each of its orchestrations, in a process that is killed around its
/// model calls and its effects: by the sample, and by the crash lab.
/// </summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(1_800_000)]
internal sealed class KilledAgentFrameworkTests
{
    [TestCase("ours-probe")]
    [TestCase("ours-workflow")]
    [TestCase("ours-group-chat")]
    [TestCase("ours-handoff")]
    [TestCase("ours-magentic")]
    public async Task Refund_KilledAroundItsEffects_DoublesNoneAndMissesNone(string shape)
    {
        int kills = KilledProgram.Kills(2);
        string times = kills.ToString(CultureInfo.InvariantCulture);
        await using ProgramProcess sample = shape is "ours-probe" or "ours-workflow"
            ? ProgramProcess.StartSample("AgentFrameworkRefund", [], shape, times)
            : ProgramProcess.StartCrashLab(shape, times);
        int exitCode = await sample.WaitAsync();

        Assert.That(exitCode, Is.Zero, sample.Output + sample.Errors);
        string[] row = sample.Output.Split('\n').Single(line => line.StartsWith($"| {shape} |", StringComparison.Ordinal))
            .Split('|', StringSplitOptions.TrimEntries);
        Assert.Multiple(() =>
        {
            Assert.That(row[2..4], Is.All.EqualTo(kills.ToString(CultureInfo.InvariantCulture)),
                "trials, and how many were killed");
            Assert.That(row[4..8], Is.All.EqualTo("0"), "trials with doubled effects, effects doubled, lost and unknown");
            Assert.That(row[9], Is.EqualTo("0"), sample.Errors);
        });
    }
}
