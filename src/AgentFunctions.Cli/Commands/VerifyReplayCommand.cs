using System.CommandLine;
using System.Text.Json;
using AgentFunctions.Cli.Hosting;
using AgentFunctions.Cli.Output;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Operations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>verify-replay --data FILE</c>: whether this version can go on with every run that has not ended.</summary>
internal static class VerifyReplayCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data")
        {
            Description = "The data file, or the folder that serve and run keep it in. It is only read; a server may be running on it.",
            DefaultValueFactory = static _ => DataLocation.DataFile(),
            HelpName = "FILE",
        };
        var json = new Option<bool>("--json") { Description = "Write one JSON object." };
        var command = new Command("verify-replay",
            "Replay every run that has not ended against this version, before it is deployed.") { data, json };
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () => Run(parsed.GetValue(data)!, parsed.GetValue(json), cancellationToken), cancellationToken));
        return command;
    }

    private static int Run(string data, bool json, CancellationToken cancellationToken)
    {
        string file = Directory.Exists(data) ? Path.Combine(data, DataLocation.FileName) : data;
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAgentFunctions(builder.Configuration).AddOpenAIModels(builder.Configuration).AddMcpServers()
            .AddMonitors();
        using IHost host = builder.Build();
        ReplayReport report = ReplayCheck.Run(file, host.Services.GetRequiredService<DurableRegistry>(), cancellationToken);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, JsonSerializerOptions.Web));
        }
        else
        {
            foreach (ReplayDifference found in report.Differences)
            {
                Console.WriteLine($"{found.InstanceId} ({found.Name}): {Terminal.Lines(found.Difference)}");
            }

            Console.WriteLine($"{report.Checked} replayed, {report.Differences.Count} would break");
        }

        return report.Differences.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
