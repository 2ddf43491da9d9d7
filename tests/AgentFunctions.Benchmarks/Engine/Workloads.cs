using System.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using ActivityContext = AgentFunctions.Durability.ActivityContext;

namespace AgentFunctions.Benchmarks.Engine;

/// <summary>
/// The loads. Each step is a real activity, and its result is on disk before the next one of its instance starts.
/// </summary>
internal static class Workloads
{
    /// <summary>One orchestration, many activities.</summary>
    public sealed record SequentialResult(int Steps, double MsPerStep, double First100Ms, double Last100Ms, double BytesPerStep);

    /// <summary>Many orchestrations.</summary>
    public sealed record LoadResult(int Steps, double Seconds, double StepsPerSecond);

    public static async Task WarmUpAsync(Scratch folder)
    {
        await SequentialAsync(folder, 1_000);
        await FanOutAsync(folder, 50, 10);
    }

    public static async Task<SequentialResult> SequentialAsync(Scratch folder, int steps)
    {
        long[] times = new long[steps];
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("step", (_, number) =>
            {
                times[number] = Stopwatch.GetTimestamp();
                return Task.FromResult(number + 1);
            })
            .AddOrchestrator<int, int>("sequence", async (context, count) =>
            {
                int number = 0;
                while (number < count)
                {
                    number = await context.CallActivityAsync<int>("step", number);
                }

                return number;
            });
        string file = folder.NewDataFile();
        long end;
        await using (SqliteEngine engine = await StartAsync(file, registry))
        {
            await RunAsync(engine, "sequence", steps);
            end = Stopwatch.GetTimestamp();
        }

        double bytes = file == SqliteEngineOptions.InMemory ? 0 : new FileInfo(file).Length / (double)steps;
        return new SequentialResult(
            steps,
            Stopwatch.GetElapsedTime(times[0], end).TotalMilliseconds / steps,
            Stopwatch.GetElapsedTime(times[0], times[100]).TotalMilliseconds / 100,
            Stopwatch.GetElapsedTime(times[^101], times[^1]).TotalMilliseconds / 100,
            bytes);
    }

    public static async Task<LoadResult> FanOutAsync(Scratch folder, int children, int steps)
    {
        await using SqliteEngine engine = await StartAsync(folder.NewDataFile(), FanOutRegistry(_ => { }));
        long start = Stopwatch.GetTimestamp();
        await RunAsync(engine, "parent", new FanOut(children, steps));
        return Load(children * steps, start);
    }

    public static async Task<LoadResult> ThroughputAsync(Scratch folder, int instances, int steps)
    {
        await using SqliteEngine engine = await StartAsync(folder.NewDataFile(), FanOutRegistry(_ => { }));
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, instances).Select(_ => RunAsync(engine, "child", steps)));
        return Load(instances * steps, start);
    }

    /// <summary>A parent, and children with steps one after the other.</summary>
    /// <param name="onStep">Called in each step.</param>
    public static DurableRegistry FanOutRegistry(Action<ActivityContext> onStep) => new DurableRegistry()
        .AddActivity<int, int>("step", (context, number) =>
        {
            onStep(context);
            return Task.FromResult(number + 1);
        })
        .AddOrchestrator<int, int>("child", async (context, count) =>
        {
            int number = 0;
            while (number < count)
            {
                number = await context.CallActivityAsync<int>("step", number);
            }

            return number;
        })
        .AddOrchestrator<FanOut, int>("parent", async (context, input) => (await Task.WhenAll(
            Enumerable.Range(0, input.Children).Select(_ => context.CallSubOrchestratorAsync<int>("child", input.Steps)))).Sum());

    public static async Task<SqliteEngine> StartAsync(string file, DurableRegistry registry)
    {
        var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = file }, registry);
        await engine.StartAsync();
        return engine;
    }

    private static async Task RunAsync(SqliteEngine engine, string name, object input)
    {
        string id = await engine.Client.ScheduleAsync(name, input);
        OrchestrationState state = await engine.Client.WaitForCompletionAsync(id);
        if (state.Status != OrchestrationStatus.Completed)
        {
            throw new InvalidOperationException($"The run ended as {state.Status}: {state.Failure}");
        }
    }

    private static LoadResult Load(int steps, long start)
    {
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new LoadResult(steps, seconds, steps / seconds);
    }

    public sealed record FanOut(int Children, int Steps);
}
