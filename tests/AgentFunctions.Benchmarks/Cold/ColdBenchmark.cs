using System.Diagnostics;
using System.Globalization;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.TestKit;

namespace AgentFunctions.Benchmarks.Cold;

/// <summary>
/// What the start of a process costs until its model is asked for the first time, beside a process that does nothing and a host
/// of nothing, started in turns.
/// </summary>
internal static class ColdBenchmark
{
    public static async Task<int> RunAsync(ColdArguments arguments)
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.WriteLine("cold: needs Linux, which tells what processor time ended processes took.");
            return 2;
        }

        TaskCompletionSource<long> asked = new();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            asked.TrySetResult(Stopwatch.GetTimestamp());
            return ChatReply.Say("done");
        });
        using var scratch = new Scratch(Path.GetTempPath(), isInMemory: false);
        string self = Path.Combine(AppContext.BaseDirectory, "AgentFunctions.Benchmarks.dll");
        List<(string Name, bool Asks, Func<string[]> Command)> kinds =
        [
            ("a process that does nothing", false, () => [self, ColdProcess.Empty]),
            ("a host of nothing", false, () => [self, ColdProcess.EmptyHost]),
            ("a host with agents", true, () => [self, ColdProcess.Agent, scratch.NewDataFile()]),
        ];
        if (arguments.Program is { } program)
        {
            kinds.Add(("the program, run", true,
                () => [program, "run", "Audit this folder.", "--data", scratch.NewFolder(), "--json"]));
        }

        var measured = kinds.ToDictionary(static kind => kind.Name, static _ => new List<Measure>());
        // The first round warms the disk.
        for (int round = -1; round < arguments.Rounds; round++)
        {
            foreach ((string name, bool asks, Func<string[]> command) in kinds)
            {
                asked = new TaskCompletionSource<long>();
                Measure measure = await MeasureAsync(command(), model.BaseUrl, scratch.NewFolder(), asks ? asked.Task : null);
                if (round >= 0)
                {
                    measured[name].Add(measure);
                }
            }
        }

        double host = Median(measured[kinds[1].Name], static one => one.Processor);
        foreach ((string name, bool asks, _) in kinds)
        {
            List<Measure> all = measured[name];
            string first = asks
                ? $"{Median(all, static one => one.First):N0} ms (least {all.Min(static one => one.First):N0})"
                : "-";
            double processor = Median(all, static one => one.Processor);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: first request of the model after {first}; processor time {processor:N0} ms, {processor / host:N1} times that of a host of nothing"));
        }

        return 0;
    }

    private static async Task<Measure> MeasureAsync(string[] command, string endpoint, string folder, Task<long>? asked)
    {
        var info = new ProcessStartInfo("dotnet", command)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        info.Environment["OPENAI_API_KEY"] = "test-key";
        info.Environment["OPENAI_BASE_URL"] = endpoint;
        info.Environment["XDG_STATE_HOME"] = folder;
        double before = ProcessorOfEnded();
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(info)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0 || asked is { IsCompleted: false })
        {
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {await output}{await errors}");
        }

        double first = asked is null ? 0 : Stopwatch.GetElapsedTime(start, await asked).TotalMilliseconds;
        return new Measure(first, ProcessorOfEnded() - before);
    }

    /// <summary>The processor time of all processes that this one has started and that have ended, in milliseconds.</summary>
    private static double ProcessorOfEnded()
    {
        // After the name, which may have spaces: state is the third field, the times of children are the 16th and 17th, in ticks
        // of 10 ms.
        string text = File.ReadAllText("/proc/self/stat");
        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return 10 * (double.Parse(fields[13], CultureInfo.InvariantCulture)
            + double.Parse(fields[14], CultureInfo.InvariantCulture));
    }

    private static double Median(List<Measure> all, Func<Measure, double> of)
    {
        double[] sorted = [.. all.Select(of).Order()];
        return sorted[sorted.Length / 2];
    }

    private sealed record Measure(double First, double Processor);
}
