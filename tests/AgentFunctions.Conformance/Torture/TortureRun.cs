using System.Diagnostics;

namespace AgentFunctions.Conformance.Torture;

/// <summary>Kills a process that works on a data file, again and again, and looks at the file each time.</summary>
/// <param name="path">An empty folder.</param>
/// <param name="seed">Decides when to kill.</param>
internal sealed class TortureRun(string path, int seed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Random _random = new(seed);

    /// <summary>Runs the torture.</summary>
    /// <param name="kills">How often to kill.</param>
    /// <param name="report">Told how it goes.</param>
    /// <returns>What went wrong; empty where nothing did.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(int kills, Action<string> report)
    {
        var checker = new TortureChecker(new TortureFolder(path));
        long start = Stopwatch.GetTimestamp();
        for (int kill = 1; kill <= kills; kill++)
        {
            if (await KillOneAsync() is { } death)
            {
                return [$"Before kill {kill} the process ended by itself: {death}"];
            }

            List<string> wrong = checker.Check(isOver: false);
            if (wrong.Count > 0)
            {
                return [$"After kill {kill}:", .. wrong];
            }

            if (kill % 50 == 0)
            {
                report($"{kill} kills in {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s, {checker.Runs} runs, {checker.Results} results compared");
            }
        }

        if (await FinishAsync() is { } failure)
        {
            return [failure, .. checker.Check(isOver: true)];
        }

        IReadOnlyList<string> end = checker.Check(isOver: true);
        report($"{kills} kills, {checker.Runs} runs, {checker.Results} results compared, {end.Count} findings, seed {seed}");
        return end;
    }

    // What the process said, if it did not wait to be killed.
    private async Task<string?> KillOneAsync()
    {
        using Process process = Start(maySchedule: true);
        bool isEarly = _random.Next(10) == 0;
        if (isEarly)
        {
            // While the runtime or the engine starts.
            await Task.Delay(_random.Next(250));
        }
        else
        {
            // Once so many of its calls have returned, however fast this machine is; and then at any moment.
            for (int lines = _random.Next(1, 250); lines > 0; lines--)
            {
                if (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is null)
                {
                    return "it said no more";
                }
            }

            await Task.Delay(_random.Next(30));
        }

        // SIGKILL: nothing of the process gets to say goodbye.
        bool endedByItself = process.HasExited;
        process.Kill();
        await process.WaitForExitAsync();
        return endedByItself ? await process.StandardOutput.ReadToEndAsync() : null;
    }

    // Lets all runs end; says so where they do not.
    private async Task<string?> FinishAsync()
    {
        using Process process = Start(maySchedule: false);
        try
        {
            string said = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? null : $"The last process failed: {said}";
        }
        catch (TimeoutException)
        {
            process.Kill();
            await process.WaitForExitAsync();
            return $"The last process did not end within {Patience.TotalSeconds:N0} s.";
        }
    }

    private Process Start(bool maySchedule)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "AgentFunctions.Conformance");
        return Process.Start(new ProcessStartInfo(program, [TortureProcess.Verb, path, maySchedule ? "schedule" : "finish"])
        {
            RedirectStandardOutput = true,
        })!;
    }
}
