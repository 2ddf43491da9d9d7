using AgentFunctions.Durability;
using AgentFunctions.Sqlite;

namespace AgentFunctions.Benchmarks.Engine;

/// <summary>A process that is there to be killed: it runs the fan-out on a file, or goes on with it.</summary>
internal static class FanOutProcess
{
    /// <summary>The argument that starts it.</summary>
    public const string Verb = "fan-out-process";

    /// <summary>What it says once a step is on record; after each further hundred it says so again.</summary>
    public const string StepRecorded = "recorded";

    private const string InstanceId = "fan-out";

    public static async Task<int> RunAsync(string dataFile)
    {
        int steps = 0;
        var seen = new HashSet<string>();
        DurableRegistry registry = Workloads.FanOutRegistry(context =>
        {
            bool isSecond;
            lock (seen)
            {
                isSecond = !seen.Add(context.InstanceId);
            }

            // The second step of an instance starts when its first is on record.
            if (isSecond && Interlocked.Increment(ref steps) % 100 == 1)
            {
                Console.WriteLine(StepRecorded);
            }
        });
        await using SqliteEngine engine = await Workloads.StartAsync(dataFile, registry);
        if (await engine.Client.GetAsync(InstanceId) is null)
        {
            await engine.Client.ScheduleAsync("parent", new Workloads.FanOut(300, 13),
                new StartOptions { InstanceId = InstanceId });
        }

        OrchestrationState state = await engine.Client.WaitForCompletionAsync(InstanceId);
        Console.WriteLine(state.Output);
        return state.Output == "3900" ? 0 : 1;
    }
}
