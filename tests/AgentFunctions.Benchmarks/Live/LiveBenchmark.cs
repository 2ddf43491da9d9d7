using System.Globalization;
using System.Text.Json;
using AgentFunctions.Benchmarks.Engine;

namespace AgentFunctions.Benchmarks.Live;

/// <summary>
/// Runs that are watched while they work: how late a client is shown what the provider sent, and what live text costs the loop,
/// with watchers and without.
/// </summary>
internal static class LiveBenchmark
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new Dictionary<string, string>
        {
            ["--runs"] = "100",
            ["--turns"] = "1000",
            ["--rounds"] = "7",
            ["--part"] = "all",
            ["--data"] = Path.GetTempPath(),
        };
        foreach (string[] pair in args.Chunk(2))
        {
            options[pair[0]] = pair[1];
        }

        int Number(string name) => int.Parse(options[name], CultureInfo.InvariantCulture);
        using var scratch = new Scratch(options["--data"], false);
        DelayResult? delay = options["--part"] is "all" or "delay"
            ? await LiveDelay.MeasureAsync(scratch, Number("--runs"))
            : null;
        if (delay is not null)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"delay       {delay.P50:F1} ms p50, {delay.P95:F1} ms p95, {delay.P99:F1} ms p99 from the provider's byte to the client: "
                + $"{delay.Pieces:N0} pieces of {delay.Runs} watched runs, {delay.MostAtOnce} of them at once; "
                + $"{delay.Share:P0} of a processor"));
        }

        StepResult? step = options["--part"] is "all" or "cost" ? await LiveStep.MeasureAsync(scratch) : null;
        CostResult? cost = options["--part"] is "all" or "cost"
            ? await LiveCost.MeasureAsync(scratch, Number("--turns"), Number("--rounds"))
            : null;
        if (cost is not null)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"loop        {cost.StepsPerSecond.Median:N0} steps/s, {cost.MicrosPerStep.Median:N0} µs of processor time and "
                + $"{cost.BytesPerStep.Median:N0} bytes a step with live text off"));
            Console.WriteLine($"unwatched   {cost.Unwatched}");
            // A turn is two steps: one of the model, one of a tool.
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"by itself   {step!.Micros:F2} µs and {step.Bytes:N0} bytes a turn that nobody watches: "
                + $"{step.Micros / (2 * cost.MicrosPerStep.Median):P2} of its processor time, "
                + $"{step.Bytes / (2 * cost.BytesPerStep.Median):P2} of its bytes"));
            Console.WriteLine($"10 watchers {cost.Watched}");
        }

        Console.WriteLine(JsonSerializer.Serialize(new { delay, cost, step, processors = Environment.ProcessorCount }, Json));
        return 0;
    }
}
