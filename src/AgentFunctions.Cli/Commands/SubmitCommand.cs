using System.CommandLine;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Runs;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>submit GOAL</c>: give an agent of a server a goal.</summary>
internal static class SubmitCommand
{
    public static Command Create()
    {
        var goal = new Argument<string>("goal") { Description = "What is to be reached, in words." };
        var agent = new Option<string?>("--agent")
        {
            Description = "The agent; may be left out if the server has one.",
            HelpName = "NAME"
        };
        var labels = new Option<string[]>("--label")
        {
            Description = "A label as name=value; may be repeated.",
            HelpName = "LABEL"
        };
        var input = new Option<string?>("--input")
        {
            Description = "Further input for the agent: a JSON object.",
            HelpName = "JSON"
        };
        var acceptance = new Option<string?>("--acceptance")
        {
            Description = "When the goal counts as reached, in words.",
            HelpName = "TEXT"
        };
        var priority = new Option<RunPriority?>("--priority")
        {
            Description = "How urgent it is: low, normal or high.",
            HelpName = "PRIORITY"
        };
        var key = new Option<string?>("--key")
        {
            Description = "Names this submission, so that repeating it gives the same run.",
            HelpName = "KEY"
        };
        var json = new Option<bool>("--json") { Description = "Write the run as JSON." };
        var budget = new BudgetOptions();
        var server = new ServerOptions();
        var command = new Command("submit", "Give an agent of a server a goal; the run works whether anybody watches or not.")
        {
            goal, agent, labels, input, acceptance, priority, key, json,
        };
        budget.AddTo(command);
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            var submission = new RunSubmission
            {
                Goal = parsed.GetValue(goal)!,
                Agent = parsed.GetValue(agent),
                Labels = parsed.GetValue(labels) is { Length: > 0 } pairs ? Pairs.Read("--label", pairs) : null,
                Input = parsed.GetValue(input) is { } text ? Pairs.Json("--input", text) : null,
                Acceptance = parsed.GetValue(acceptance),
                Priority = parsed.GetValue(priority),
                Budget = budget.Read(parsed),
            };
            RunResource run = await client.SubmitAsync(submission, parsed.GetValue(key), cancellationToken);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(run, ApiJson.Options));
                return ExitCode.Done;
            }

            Console.WriteLine($"run {run.Id} is {CamelCase.Of(run.Status)}");
            Console.Error.WriteLine($"follow it: {CommandLine.Name} watch {Terminal.Lines(run.Id)}");
            return ExitCode.Done;
        });
        return command;
    }
}
