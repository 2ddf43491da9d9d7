using System.CommandLine;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>fork ID</c>: start a new run from a turn of another.</summary>
internal static class ForkCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run; it stays as it is." };
        var turn = new Option<int?>("--turn")
        {
            Description = "The last turn to keep; 0 for the goal alone. By default all.",
            HelpName = "TURN"
        };
        var message = new Option<string?>("--message")
        {
            Description = "What is said to the new run at once.",
            HelpName = "TEXT"
        };
        var model = new Option<string?>("--model") { Description = "Another model.", HelpName = "NAME" };
        var workspace = new Option<string?>("--workspace")
        {
            Description = "restore: a folder of its own, as it was at that turn; share: the same folder.",
            HelpName = "WHAT",
        };
        workspace.AcceptOnlyFromAmong("restore", "share");
        var budget = new BudgetOptions();
        var server = new ServerOptions();
        var command = new Command("fork",
            "Start a new run from a turn of a run of a server; effects of its tools are not undone.")
        {
            id, turn, message, model, workspace,
        };
        budget.AddTo(command);
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            var submission = new ForkSubmission
            {
                Turn = parsed.GetValue(turn),
                Message = parsed.GetValue(message),
                Model = parsed.GetValue(model),
                Workspace = parsed.GetValue(workspace),
                Budget = budget.Read(parsed),
            };
            RunResource run = await client.SteerAsync(parsed.GetValue(id)!, "fork", submission, cancellationToken);
            Console.WriteLine($"run {run.Id} is {CamelCase.Of(run.Status)}");
            return ExitCode.Done;
        });
        return command;
    }
}
