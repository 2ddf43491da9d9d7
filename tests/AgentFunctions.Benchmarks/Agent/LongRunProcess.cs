using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Benchmarks.Agent;

/// <summary>The process that is there to be killed: it begins the long run on a file, or goes on with it.</summary>
internal static class LongRunProcess
{
    /// <summary>The argument that starts it.</summary>
    public const string Verb = "long-run-process";

    private const string Key = "long-run";
    private const int EdgeTurns = 1_000;

    public static async Task<int> RunAsync(string file, string endpoint, string window, string resultLength)
    {
        string filler = new('.', int.Parse(resultLength, CultureInfo.InvariantCulture));
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:long:Endpoint"] = endpoint,
            ["Models:long:Key"] = "sk-test",
            ["Models:long:Model"] = "scripted",
            ["Models:long:ContextWindow"] = window,
        });
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = file)
            .AddAgent(Agents.Agent.Create("counter").WithInstructions("Count.").WithMaxTurns(int.MaxValue).Build());
        var samples = new Samples(file + ".samples");
        builder.Services.AddTool(AgentTool.Create("count", "Counts a stone.", ToolEffect.Idempotent,
            async (ToolContext context, int stone) =>
        {
            await samples.TakeAsync(stone, context.Services.GetRequiredService<IOrchestrationClient>(), context.RunId);
            return $"stone {stone}: {filler}";
        }));
        using IHost host = builder.Build();
        await host.StartAsync();
        (Run run, _) = await host.Services.GetRequiredService<AgentGateway>()
            .SubmitOrResumeAsync(new RunRequest { Goal = LongRun.Goal }, Key);
        run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
        Console.WriteLine(JsonSerializer.Serialize(samples.Sum(run)));
        await host.StopAsync();
        return 0;
    }

    /// <summary>What came of it.</summary>
    internal sealed record Result(
        string Status, int Turns, double FirstHistoryBytesPerTurn, double LastHistoryBytesPerTurn, double FirstMemoryMb,
        double LastMemoryMb);

    /// <summary>Looks at history and memory now and then; kept in a file, since the process is killed.</summary>
    private sealed class Samples(string path)
    {
        public async Task TakeAsync(int turn, IOrchestrationClient orchestrations, string runId)
        {
            // The 45th turn of an execution of about fifty: its history is as long as it gets.
            if (turn % 50 != 45)
            {
                return;
            }

            long bytes = 0;
            int calls = 0;
            await foreach (HistoryEvent next in orchestrations.ReadHistoryAsync(runId))
            {
                bytes += JsonSerializer.SerializeToUtf8Bytes(next, DurableJson.Options).Length;
                calls += next is TaskScheduled { Name: "CallModel" } ? 1 : 0;
            }

            double memory = Process.GetCurrentProcess().WorkingSet64 / 1e6;
            await File.AppendAllTextAsync(path,
                string.Create(CultureInfo.InvariantCulture, $"{turn} {bytes / (double)Math.Max(1, calls)} {memory}\n"));
        }

        public Result Sum(Run run)
        {
            double[][] all = [.. File.ReadAllLines(path)
                .Select(static line => line.Split(' ').Select(static part => double.Parse(part, CultureInfo.InvariantCulture))
                    .ToArray())];
            double edge = Math.Min(EdgeTurns, run.Turns / 2.0);
            double[][] first = [.. all.Where(sample => sample[0] <= edge)];
            double[][] last = [.. all.Where(sample => sample[0] > run.Turns - edge)];
            return new Result(
                run.Status.ToString(), run.Turns, first.Average(static sample => sample[1]),
                last.Average(static sample => sample[1]),
                first.Max(static sample => sample[2]), last.Max(static sample => sample[2]));
        }
    }
}
