using System.Diagnostics;

namespace AgentFunctions.EndToEnd.LongRuns;

/// <summary>The long run of the benchmark program in short: the same code, the same conditions, fewer turns.</summary>
[CancelAfter(300_000)]
internal sealed class LongRunTests
{
    [Test]
    public async Task LongRun_KilledAgainAndAgain_EndsWithTheGoalInEveryRequestAndAFlatHistory()
    {
        string folder = AppContext.BaseDirectory.Replace("AgentFunctions.EndToEnd", "AgentFunctions.Benchmarks",
            StringComparison.Ordinal);
        using var process = Process.Start(new ProcessStartInfo(
            Path.Combine(folder, "AgentFunctions.Benchmarks"),
            ["long", "--turns", "200", "--kills", "3", "--window", "20000", "--result", "1500", "--compactions", "8"])
        { RedirectStandardOutput = true })!;

        string output = await process.StandardOutput.ReadToEndAsync(TestContext.CurrentContext.CancellationToken);
        await process.WaitForExitAsync(TestContext.CurrentContext.CancellationToken);

        TestContext.Out.WriteLine(output);
        Assert.That(process.ExitCode, Is.Zero, output);
    }
}
