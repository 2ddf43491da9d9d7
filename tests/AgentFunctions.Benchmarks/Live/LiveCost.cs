using System.Diagnostics;
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
/// The steps a second of a run over a model and a tool that take no time: with live text turned off, with it while nobody watches,
/// and with ten watchers. The three take turns, and each is compared with its neighbour, so that what else the machine does falls on all.
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
        List<double> without = [];
        List<double> unwatched = [];
        List<double> watched = [];
        for (int round = 0; round < rounds; round++)
        {
            // Which of two comes first changes: what a machine grows slower or faster by is no difference between them.
            (double first, double second) = await PairAsync(off, on, turns, 0, round % 2 == 0);
            without.Add(first);
            unwatched.Add(second / first);
            (first, second) = await PairAsync(off, on, turns, Watchers, round % 2 == 0);
            watched.Add(second / first);
        }

        return new CostResult(
            At(without, 0.5), At(unwatched, 0.5), At(unwatched, 0.25), At(unwatched, 0.75),
            At(watched, 0.5), At(watched, 0.25), At(watched, 0.75));
    }

    private static async Task<(double Off, double On)> PairAsync(Bench off, Bench on, int turns, int watchers, bool isOffFirst)
    {
        double first = await (isOffFirst ? off : on).RunAsync(turns, isOffFirst ? 0 : watchers);
        double second = await (isOffFirst ? on : off).RunAsync(turns, isOffFirst ? watchers : 0);
        return isOffFirst ? (first, second) : (second, first);
    }

    private static double At(List<double> values, double share) => values.Order().ElementAt((int)((values.Count - 1) * share));

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

        /// <summary>Makes a run, and measures its steps a second.</summary>
        public async Task<double> RunAsync(int turns, int watchers)
        {
            model.Begin(turns, new AgentMarks(turns, static () => 0));
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
            return run.Status == RunStatus.Completed
                ? run.Steps / seconds
                : throw new InvalidOperationException($"The run ended as {run.Status}: {run.Error?.Message}");
        }

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}

/// <summary>Steps a second with live text turned off, and shares of that: medians and quartiles.</summary>
internal sealed record CostResult(
    double Off, double Unwatched, double UnwatchedLow, double UnwatchedHigh, double Watched, double WatchedLow, double WatchedHigh);
