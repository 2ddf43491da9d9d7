using System.CommandLine;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>pause</c>, <c>resume</c>, <c>say</c> and <c>grant</c>: steer a run of a server.</summary>
internal static class SteerCommands
{
    public static Command Pause() =>
        Create("pause", "Hold a run of a server: steps in flight finish, no further one starts.", static () => null);

    public static Command Resume() =>
        Create("resume", "Resume a run of a server: a paused one goes on, a failed one is taken up from its last good step.",
            static () => null);

    public static Command Say()
    {
        var text = new Argument<string>("text") { Description = "The words; the model reads them before its next message." };
        Command command = Create<MessageSubmission>(
            "say", "messages", "Say something to a run of a server; one that has ended goes on with it.",
            parsed => new MessageSubmission { Text = parsed.GetValue(text)! });
        command.Add(text);
        return command;
    }

    public static Command Grant()
    {
        var budget = new BudgetOptions();
        Command command = Create<BudgetResource>(
            "grant", "budget", "Let a run of a server spend more; one that its budget has ended goes on.",
            parsed => budget.Read(parsed) ?? throw new AgentException(
                ErrorCode.InvalidInput, "grant: say how much comes on top: --steps, --tokens, --usd, --time or --sub-agents."));
        budget.AddTo(command);
        return command;
    }

    private static Command Create(string name, string description, Func<object?> none) =>
        Create<object>(name, name, description, _ => none());

    private static Command Create<T>(string name, string address, string description, Func<ParseResult, T?> read)
    {
        var id = new Argument<string>("id") { Description = "The run." };
        var server = new ServerOptions();
        var command = new Command(name, description) { id };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            T? body = read(parsed);
            using ApiClient client = server.Connect(parsed);
            RunResource run = await client.SteerAsync(parsed.GetValue(id)!, address, body, cancellationToken);
            Console.WriteLine($"run {run.Id} is {CamelCase.Of(run.Status)}");
            return ExitCode.Done;
        });
        return command;
    }
}
