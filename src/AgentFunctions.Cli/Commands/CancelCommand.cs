using System.CommandLine;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>cancel ID</c>: ask a run of a server to end.</summary>
internal static class CancelCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run." };
        var reason = new Option<string?>("--reason") { Description = "Why, for the run's journal.", HelpName = "TEXT" };
        var server = new ServerOptions();
        var command = new Command("cancel", "Ask a run of a server to end.") { id, reason };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            RunResource run = await client.CancelAsync(parsed.GetValue(id)!, parsed.GetValue(reason), cancellationToken);
            Console.WriteLine($"cancellation of run {run.Id} requested; it is {CamelCase.Of(run.Status)}");
            return ExitCode.Done;
        });
        return command;
    }
}
