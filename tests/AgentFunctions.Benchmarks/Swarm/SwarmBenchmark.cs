using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Gateway;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static System.FormattableString;

namespace AgentFunctions.Benchmarks.Swarm;

/// <summary>
/// A lead and its sub-agents over a model server of the OpenAI protocol: how many steps a second, next to the same fan-out of
/// the bare engine in the same run, and to the model calls alone; with a slow model, how close to what its latency allows; and
/// what it takes of memory.
/// </summary>
internal static class SwarmBenchmark
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<int> RunAsync(SwarmArguments arguments)
    {
        using var folder = new Scratch(arguments.Directory, false);
        using Process model = SwarmModelProcess.Start(arguments);
        try
        {
            string endpoint = await model.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException("The model did not start.");
            var report = new Dictionary<string, object> { ["processors"] = Environment.ProcessorCount };
            await MeasureAsync(arguments, folder, new ModelServer(model, endpoint), report);
            Console.WriteLine(JsonSerializer.Serialize(report, Json));
            return 0;
        }
        finally
        {
            model.StandardInput.Close();
            await model.WaitForExitAsync();
        }
    }

    private static async Task MeasureAsync(SwarmArguments arguments, Scratch folder, ModelServer model,
        Dictionary<string, object> report)
    {
        using IHost host = await StartHostAsync(arguments, model.Endpoint, folder.NewFile());
        long idle = Memory();
        Result cold = await SwarmAsync(arguments, model, host, idle, arguments.Latency);
        report["cold"] = cold;
        Print(arguments, $"cold        {cold.Seconds:F2} s, {cold.StepsPerSecond:N0} steps/s, {cold.MemoryMiB:F0} MiB above idle at the most");
        Print(arguments, $"            {Processor(cold)}");
        for (int round = 1; round < arguments.WarmUps; round++)
        {
            await SwarmAsync(arguments, model, host, idle, latency: 0);
        }

        await Workloads.WarmUpAsync(folder);
        Workloads.LoadResult engine = await Workloads.FanOutAsync(folder, arguments.Children, arguments.ChildSteps);
        List<Result> rounds = [];
        for (int round = 0; round < arguments.Rounds; round++)
        {
            rounds.Add(await SwarmAsync(arguments, model, host, idle, arguments.Latency));
        }

        Workloads.LoadResult again = await Workloads.FanOutAsync(folder, arguments.Children, arguments.ChildSteps);
        double modelAlone = await ModelAloneAsync(arguments, host);
        await host.StopAsync();
        Result swarm = rounds.OrderBy(static round => round.Seconds).ElementAt(rounds.Count / 2);
        (report["engine"], report["engineAgain"], report["swarm"], report["modelCallsAloneSeconds"]) = (engine, again, swarm,
            modelAlone);
        report["memoryMiB"] = Math.Max(cold.MemoryMiB, rounds.Max(static round => round.MemoryMiB));
        Print(arguments, $"engine      {engine.StepsPerSecond:N0} and {again.StepsPerSecond:N0} steps/s, before and after");
        Print(arguments, $"swarm       {swarm.Steps:N0} steps in {swarm.Seconds:F2} s, {swarm.StepsPerSecond:N0} steps/s (of {string.Join(", ", rounds.Select(static round => Invariant($"{round.Seconds:F2}")))} s)");
        Print(arguments, $"processor   {Processor(swarm)}");
        (double longer, double more) = (cold.Seconds / swarm.Seconds, cold.HostCpuMs / swarm.HostCpuMs);
        Print(arguments, $"cold        {longer:F1} times as long as that, {more:F1} times the processor time of the host");
        Print(arguments, $"model       {modelAlone:F2} s for its calls alone, by the same client, with nothing recorded");
        if (arguments.Latency == 0)
        {
            double share = swarm.StepsPerSecond / ((engine.StepsPerSecond + again.StepsPerSecond) / 2);
            report["shareOfEngine"] = share;
            Print(arguments, $"share       {share:P0} of the bare engine's steps/s");
        }
        else
        {
            double ideal = Ideal(arguments);
            (report["idealSeconds"], report["overIdeal"]) = (ideal, swarm.Seconds / ideal);
            Print(arguments, $"ideal       {ideal:F2} s: the swarm took {swarm.Seconds / ideal:F2} times as long");
        }
    }

    /// <summary>
    /// What the model alone would take: the lead's calls come one after the other, and in between either the longest
    /// sub-agent or all their calls over the number of those that may be in flight.
    /// </summary>
    private static double Ideal(SwarmArguments arguments)
    {
        double call = arguments.Latency / 1000.0;
        double one = (arguments.Turns + 1) * call;
        return (3 * call) + Math.Max(one, arguments.Children * one / arguments.Concurrent);
    }

    private static async Task<Result> SwarmAsync(SwarmArguments arguments, ModelServer model, IHost host, long idle, int latency)
    {
        using var sampling = new CancellationTokenSource();
        Task<long> peak = PeakAsync(sampling.Token);
        TimeSpan before = Environment.CpuUsage.TotalTime;
        TimeSpan modelBefore = model.Process.TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        Run run = await host.Services.GetRequiredService<AgentGateway>()
            .SubmitAsync(new RunRequest { Goal = SwarmModelProcess.GoalFor(arguments.Children, latency) });
        run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await sampling.CancelAsync();
        if (run.Status != RunStatus.Completed || run.SubAgents.Total != arguments.Children)
        {
            throw new InvalidOperationException($"The run ended as {run.Status} with {run.SubAgents.Total} sub-agents: {run.Error?.Message}");
        }

        return new Result(run.Steps, run.CriticalSteps, seconds, run.Steps / seconds, (await peak - idle) / 1024.0 / 1024.0)
        {
            HostCpuMs = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds,
            ModelCpuMs = (model.Process.TotalProcessorTime - modelBefore).TotalMilliseconds,
        };
    }

    /// <summary>The model calls of the sub-agents without agents: what no runtime could be faster than.</summary>
    private static async Task<double> ModelAloneAsync(SwarmArguments arguments, IHost host)
    {
        IChatClient client = host.Services.GetRequiredService<IModelCatalog>().Resolve(null).Client;
        long start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(
            0, arguments.Children, new ParallelOptions { MaxDegreeOfParallelism = arguments.Concurrent },
            async (_, token) =>
            {
                for (int call = 0; call <= arguments.Turns; call++)
                {
                    await client.GetResponseAsync([new ChatMessage(ChatRole.System, "You read."),
                        new ChatMessage(ChatRole.User, "Read it.")], cancellationToken: token);
                }
            });
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<IHost> StartHostAsync(SwarmArguments arguments, string endpoint, string dataFile)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:bench:Provider"] = "openai",
            ["Models:bench:Endpoint"] = endpoint,
            ["Models:bench:Key"] = "sk-bench",
            ["Models:bench:Model"] = "scripted",
            ["Models:bench:Streaming"] = arguments.Stream ? "true" : "false",
            ["Models:bench:MaxConcurrentCalls"] = arguments.Concurrent.ToString(CultureInfo.InvariantCulture),
        });
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = dataFile)
            .ConfigureSwarm(options => options.MaxConcurrent = arguments.Latency == 0
                ? arguments.Concurrent
                : arguments.Children);
        builder.Services.AddAgent(Agents.Agent.Create("lead").WithInstructions(SwarmModelProcess.LeadInstructions)
            .WithDelegation(Delegation.Kimi).Build());
        builder.Services.AddTool(AgentTool.Create("work", "Works.", ToolEffect.None, static (int turn) => $"done {turn}"));
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static long Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Environment.WorkingSet;
    }

    private static async Task<long> PeakAsync(CancellationToken cancellationToken)
    {
        long peak = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            peak = Math.Max(peak, Environment.WorkingSet);
            // Each look costs a millisecond of the processor.
            await Task.Delay(100, CancellationToken.None);
        }

        return peak;
    }

    private static void Print(SwarmArguments arguments, FormattableString line)
    {
        if (!arguments.Json)
        {
            Console.WriteLine(Invariant(line));
        }
    }

    private static string Processor(Result swarm) =>
        Invariant($"{swarm.HostCpuMs:F0} ms of the host and {swarm.ModelCpuMs:F0} ms of the model server");

    private sealed record ModelServer(Process Process, string Endpoint);

    /// <summary>How a swarm went.</summary>
    /// <param name="Steps">Model calls and tool calls, the lead's included.</param>
    /// <param name="CriticalSteps">The longest chain of them.</param>
    /// <param name="Seconds">From the submission to the end.</param>
    /// <param name="StepsPerSecond">Steps a second.</param>
    /// <param name="MemoryMiB">The process's working set at its highest, above what it was before.</param>
    internal sealed record Result(int Steps, int CriticalSteps, double Seconds, double StepsPerSecond, double MemoryMiB)
    {
        /// <summary>The host's processor time, in milliseconds; on a shared machine it says more than the clock.</summary>
        public double HostCpuMs { get; init; }

        /// <summary>The model server's processor time, in milliseconds.</summary>
        public double ModelCpuMs { get; init; }
    }
}
