using System.CommandLine;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>show ID</c>: where a run stands, and what came of it.</summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run." };
        var json = new Option<bool>("--json") { Description = "Write one JSON object a line." };
        var server = new ServerOptions();
        var command = new Command("show", "Show a run of a server and its result.") { id, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            RunResource run = await client.GetAsync(parsed.GetValue(id)!, cancellationToken);
            if (parsed.GetValue(json))
            {
                new JsonOutput(Console.Out).End(run);
            }
            else
            {
                var output = new PlainOutput(Console.Out);
                output.Begin(run, "");
                Console.WriteLine($"goal: {Terminal.Lines(run.Goal)}");
                output.End(run);
            }

            return ExitCode.Done;
        });
        return command;
    }
}
