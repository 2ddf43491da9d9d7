using System.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;

namespace AgentFunctions.Benchmarks.Engine;

/// <summary>What runs cost that wait on a timer.</summary>
internal static class Parked
{
    private const int AtATime = 2_000;

    public sealed record Result(
        int Runs, double DiskBytesEach, double MemoryBytesEach, double OpenSeconds, double MemoryBytesEachAfterOpen,
        double ScheduledPerSecond);

    public static async Task<Result> MeasureAsync(Scratch folder, int runs)
    {
        DurableRegistry registry = new DurableRegistry().AddOrchestrator<int, int>("park", async (context, number) =>
        {
            await context.CreateTimerAsync(context.CurrentTime.AddDays(7));
            return number;
        });
        string file = folder.NewDataFile();
        long before = Memory();
        long start = Stopwatch.GetTimestamp();
        double memory;
        double seconds;
        await using (SqliteEngine engine = await Workloads.StartAsync(file, registry))
        {
            for (int first = 0; first < runs; first += AtATime)
            {
                await Task.WhenAll(Enumerable.Range(first, Math.Min(AtATime, runs - first))
                    .Select(number => engine.Client.ScheduleAsync("park", number)));
            }

            await AllAreWaitingAsync(engine);
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            memory = Memory() - before;
        }

        double disk = new FileInfo(file).Length;
        before = Memory();
        start = Stopwatch.GetTimestamp();
        await using SqliteEngine again = await Workloads.StartAsync(file, registry);
        double open = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double memoryAfterOpen = Memory() - before;
        return new Result(runs, disk / runs, memory / runs, open, memoryAfterOpen / runs, runs / seconds);
    }

    private static async Task AllAreWaitingAsync(SqliteEngine engine)
    {
        var pending = new OrchestrationQuery { Statuses = [OrchestrationStatus.Pending], PageSize = 1 };
        while ((await engine.Client.QueryAsync(pending)).Items.Count > 0)
        {
            await Task.Delay(10);
        }
    }

    private static long Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
