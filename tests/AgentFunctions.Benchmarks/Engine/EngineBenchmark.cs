using System.Globalization;
using System.Text.Json;

namespace AgentFunctions.Benchmarks.Engine;

/// <summary>Measures the embedded engine against raw SQLite on the same disk in the same run.</summary>
internal static class EngineBenchmark
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<int> RunAsync(EngineArguments arguments)
    {
        using var folder = new Scratch(arguments.Directory, arguments.IsInMemory);
        var report = new Dictionary<string, object>
        {
            ["storage"] = arguments.IsInMemory ? "memory" : "disk",
            ["processors"] = Environment.ProcessorCount,
        };
        await Workloads.WarmUpAsync(folder);

        double floor = arguments.IsInMemory ? 0 : FloorCommit.Measure(folder);
        Workloads.SequentialResult sequential = await Workloads.SequentialAsync(folder, 4_000);
        if (!arguments.IsInMemory)
        {
            // Once more: the disk of a shared machine is not the same from one minute to the next.
            floor = (floor + FloorCommit.Measure(folder)) / 2;
            report["floorCommitMs"] = floor;
            Print("floor", $"{floor:F3} ms per single-row commit of raw SQLite");
        }

        report["sequential"] = sequential;
        Print("sequential", $"{sequential.MsPerStep:F3} ms per step ({(floor > 0 ? $"{sequential.MsPerStep / floor:F2} × floor, " : "")}"
            + $"first 100 {sequential.First100Ms:F3}, last 100 {sequential.Last100Ms:F3}, ratio {sequential.Last100Ms / sequential.First100Ms:F2})");

        Workloads.LoadResult fanout = await Workloads.FanOutAsync(folder, 300, 13);
        report["fanout"] = fanout;
        Print("fanout", $"{fanout.Steps:N0} steps in {fanout.Seconds:F2} s, {fanout.StepsPerSecond:N0} steps/s");

        Workloads.LoadResult throughput = await Workloads.ThroughputAsync(folder, 200, 10);
        report["throughput"] = throughput;
        Print("throughput", $"{throughput.Steps:N0} steps in {throughput.Seconds:F2} s, {throughput.StepsPerSecond:N0} steps/s");

        if (!arguments.IsInMemory)
        {
            report["history"] = new { bytesPerStep = sequential.BytesPerStep };
            Print("history", $"{sequential.BytesPerStep:F0} bytes per step on disk");

            Parked.Result parked = await Parked.MeasureAsync(folder, arguments.Parked);
            report["parked"] = parked;
            Print("parked", $"{parked.Runs:N0} runs: {parked.DiskBytesEach:N0} bytes on disk and {parked.MemoryBytesEach:N0} of memory each, "
                + $"open in {parked.OpenSeconds:F3} s ({parked.MemoryBytesEachAfterOpen:N0} bytes each then), scheduled at {parked.ScheduledPerSecond:N0}/s");

            double recovery = await Recovery.MeasureAsync(folder);
            report["recovery"] = new { seconds = recovery };
            Print("recovery", $"{recovery:F3} s from the kill to the next recorded step, start of the process included");
        }

        Console.WriteLine(JsonSerializer.Serialize(report, Json));
        return 0;
    }

    private static void Print(string name, FormattableString line) =>
        Console.WriteLine($"{name,-12}{line.ToString(CultureInfo.InvariantCulture)}");

    private static void Print(string name, string line) => Print(name, (FormattableString)$"{line}");
}
