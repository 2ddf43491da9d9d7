using System.Diagnostics;
using System.Globalization;
using AgentFunctions.Benchmarks.Agent;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Benchmarks.Live;

/// <summary>
/// What a step of a run costs over a model and a tool that take no time: with live text turned off, with it while nobody watches,
/// and with ten watchers. They take turns, and each is compared with its neighbour, so that what else the machine does falls on
/// all. Steps a second depend on what else the machine does even so; the processor time of a step hardly does.
/// </summary>
internal static class LiveCost
{
    private const int Watchers = 10;

    public static async Task<CostResult> MeasureAsync(Scratch scratch, int turns, int rounds)
    {
        await using var off = await Bench.StartAsync(scratch, isLive: false);
        await using var on = await Bench.StartAsync(scratch, isLive: true);
        await off.RunAsync(turns, 0);
        await on.RunAsync(turns, Watchers);
        List<Pair> unwatched = [];
        List<Pair> watched = [];
        for (int round = 0; round < rounds; round++)
        {
            // Which of two comes first changes: what a machine grows slower or faster by is no difference between them.
            unwatched.Add(await PairAsync(off, on, turns, 0, round % 2 == 0));
            watched.Add(await PairAsync(off, on, turns, Watchers, round % 2 == 0));
        }

        return new CostResult(
            Spread.Of(unwatched, static pair => pair.Off.StepsPerSecond),
            Spread.Of(unwatched, static pair => pair.Off.MicrosPerStep),
            Spread.Of(unwatched, static pair => pair.Off.BytesPerStep),
            Shares.Of(unwatched), Shares.Of(watched));
    }

    private static async Task<Pair> PairAsync(Bench off, Bench on, int turns, int watchers, bool isOffFirst)
    {
        Pace first = await (isOffFirst ? off : on).RunAsync(turns, isOffFirst ? 0 : watchers);
        Pace second = await (isOffFirst ? on : off).RunAsync(turns, isOffFirst ? watchers : 0);
        return isOffFirst ? new Pair(first, second) : new Pair(second, first);
    }

    private sealed class Bench(IHost host, ScriptedModel model) : IAsyncDisposable
    {
        public static async Task<Bench> StartAsync(Scratch scratch, bool isLive)
        {
            var model = new ScriptedModel();
            AgentTool tool = AgentTool.Create("work", "Works.", ToolEffect.Idempotent, (int turn) => model.Work(turn));
            IHost host = await ScriptedModel.StartHostAsync(
                scratch.NewFile(), model, tool, isStreaming: true,
                new KeyValuePair<string, string?>("Live:Enabled", isLive ? "true" : "false"));
            return new Bench(host, model);
        }

        /// <summary>Makes a run, and measures it.</summary>
        public async Task<Pace> RunAsync(int turns, int watchers)
        {
            model.Begin(turns, new AgentMarks(turns, static () => 0));
            GC.Collect();
            long allocated = GC.GetTotalAllocatedBytes(true);
            TimeSpan worked = Environment.CpuUsage.TotalTime;
            long begun = Stopwatch.GetTimestamp();
            Run run = await host.Services.GetRequiredService<AgentGateway>()
                .SubmitAsync(new RunRequest { Goal = "Take many turns." });
            Task[] watching = [.. Enumerable.Range(0, watchers).Select(_ => Task.Run(async () =>
            {
                await foreach (RunSignal signal in host.Services.GetRequiredService<LiveFeed>().FollowAsync(run.Id))
                {
                    GC.KeepAlive(signal);
                }
            }))];
            run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
            double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            await Task.WhenAll(watching);
            worked = Environment.CpuUsage.TotalTime - worked;
            double bytes = GC.GetTotalAllocatedBytes(true) - allocated;
            return run.Status == RunStatus.Completed
                ? new Pace(run.Steps / seconds, worked.TotalMicroseconds / run.Steps, bytes / run.Steps)
                : throw new InvalidOperationException($"The run ended as {run.Status}: {run.Error?.Message}");
        }

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}

/// <summary>What a run took.</summary>
internal sealed record Pace(double StepsPerSecond, double MicrosPerStep, double BytesPerStep);

/// <summary>Two runs one after the other, with live text turned off and on.</summary>
internal sealed record Pair(Pace Off, Pace On);

/// <summary>What a step takes with live text turned off, and what it takes with it turned on, as shares of that.</summary>
internal sealed record CostResult(Spread StepsPerSecond, Spread MicrosPerStep, Spread BytesPerStep, Shares Unwatched,
    Shares Watched);

/// <summary>Steps a second, processor time and memory with live text turned on, as shares of those with it turned off.</summary>
internal sealed record Shares(Spread Steps, Spread Processor, Spread Memory)
{
    public static Shares Of(IReadOnlyList<Pair> pairs) => new(
        Spread.Of(pairs, static pair => pair.On.StepsPerSecond / pair.Off.StepsPerSecond),
        Spread.Of(pairs, static pair => pair.On.MicrosPerStep / pair.Off.MicrosPerStep),
        Spread.Of(pairs, static pair => pair.On.BytesPerStep / pair.Off.BytesPerStep));

    public override string ToString() =>
        $"{Steps} of the steps/s, {Processor} of the processor time, {Memory} of the bytes allocated";
}

/// <summary>A median and the quartiles around it.</summary>
internal sealed record Spread(double Low, double Median, double High)
{
    public static Spread Of(IReadOnlyList<Pair> pairs, Func<Pair, double> value)
    {
        double[] sorted = [.. pairs.Select(value).Order()];
        double At(double share) => sorted[(int)((sorted.Length - 1) * share)];
        return new Spread(At(0.25), At(0.5), At(0.75));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Median:P1} ({Low:P1} to {High:P1})");
}
