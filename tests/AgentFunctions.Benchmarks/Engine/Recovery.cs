using System.Diagnostics;

namespace AgentFunctions.Benchmarks.Engine;

/// <summary>How long a killed fan-out stands still.</summary>
internal static class Recovery
{
    /// <summary>Seconds from the kill until a further step is on record, in a process that starts at the kill.</summary>
    public static async Task<double> MeasureAsync(Scratch folder)
    {
        string file = folder.NewFile();
        using (Process first = Start(file))
        {
            // A good third of the way: about 1,300 of 3,900 steps.
            for (int line = 0; line < 13; line++)
            {
                await ExpectAsync(first, FanOutProcess.StepRecorded);
            }

            first.Kill();
            await first.WaitForExitAsync();
        }

        long killed = Stopwatch.GetTimestamp();
        using Process second = Start(file);
        await ExpectAsync(second, FanOutProcess.StepRecorded);
        double seconds = Stopwatch.GetElapsedTime(killed).TotalSeconds;
        _ = await second.StandardOutput.ReadToEndAsync();
        await second.WaitForExitAsync();
        return second.ExitCode == 0 ? seconds : throw new InvalidOperationException("The fan-out did not end as it should.");
    }

    private static Process Start(string file)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "AgentFunctions.Benchmarks");
        return Process.Start(new ProcessStartInfo(program, [FanOutProcess.Verb, file]) { RedirectStandardOutput = true })!;
    }

    private static async Task ExpectAsync(Process process, string line)
    {
        string? got = await process.StandardOutput.ReadLineAsync();
        if (got != line)
        {
            throw new InvalidOperationException($"The process said '{got}' instead of '{line}'.");
        }
    }
}
