using System.CommandLine;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>questions</c>: what runs ask people, the most urgent first.</summary>
internal static class QuestionsCommand
{
    public static Command Create()
    {
        var run = new Option<string?>("--run")
        {
            Description = "All questions of this run, also those that are over.",
            HelpName = "ID"
        };
        var mine = new Option<bool>("--mine") { Description = "Only what you may answer." };
        var server = new ServerOptions();
        var command = new Command("questions", "List what runs ask people on a server: the most urgent first.") { run, mine };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            string query = parsed.GetValue(run) is { } id ? $"?run={Uri.EscapeDataString(id)}&" : "?";
            QuestionListResource asked =
                await client.ListQuestionsAsync($"{query}mine={(parsed.GetValue(mine) ? "true" : "false")}", cancellationToken);
            Console.WriteLine(asked.Items.Count == 0
                ? "nothing is asked"
                : string.Join('\n', asked.Items.Select(QuestionText.Describe)));
            return ExitCode.Done;
        });
        return command;
    }
}
