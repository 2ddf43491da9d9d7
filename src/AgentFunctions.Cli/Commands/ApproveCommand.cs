using System.CommandLine;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>approve ID</c> and <c>deny ID</c>: decide about a tool call that waits.</summary>
internal static class ApproveCommand
{
    public static Command Create()
    {
        var arguments = new Option<string?>("--arguments")
        {
            Description = "Approve with these arguments instead: a JSON object.",
            HelpName = "JSON"
        };
        return Create("approve", "Let a tool call that waits be made.", Decision.Approve, arguments);
    }

    public static Command CreateDeny() =>
        Create("deny", "Refuse a tool call that waits; the model reads the comment.", Decision.Deny, null);

    private static Command Create(string name, string description, Decision decision, Option<string?>? arguments)
    {
        var id = new Argument<string>("id") { Description = "The approval; 'approvals' lists them." };
        var comment = new Option<string?>("--comment") { Description = "Why; the model reads it.", HelpName = "TEXT" };
        var similar = new Option<bool>("--similar")
        {
            Description = "Decide its group alike: at the terminal those that are shown, once you say so; otherwise those that were asked no later than it.",
        };
        var server = new ServerOptions();
        var command = new Command(name, description) { id, comment, similar };
        if (arguments is not null)
        {
            command.Add(arguments);
        }

        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            bool isSimilar = parsed.GetValue(similar);
            IReadOnlyList<string>? seen = isSimilar && !Console.IsInputRedirected && !Console.IsErrorRedirected
                ? await ShowAsync(client, parsed.GetValue(id)!, name, cancellationToken) : null;
            if (seen is { Count: 0 })
            {
                return ExitCode.Failed;
            }

            ApprovalListResource decided = await client.DecideAsync(parsed.GetValue(id)!, new DecisionSubmission
            {
                Decision = decision,
                Comment = parsed.GetValue(comment),
                Arguments = arguments is not null && parsed.GetValue(arguments) is { } text
                    ? Pairs.Json("--arguments", text)
                    : null,
                Similar = isSimilar,
                Seen = seen,
            }, cancellationToken);
            Console.WriteLine(string.Join('\n', decided.Items.Select(ApprovalsCommand.Describe)));
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Shows what would be decided; returns the ids, or none if that is not meant.</summary>
    private static async Task<IReadOnlyList<string>> ShowAsync(ApiClient client, string id, string verb,
        CancellationToken cancellationToken)
    {
        ApprovalListResource waiting = await client.ListApprovalsAsync(cancellationToken);
        string? group = waiting.Items.FirstOrDefault(one => one.Id == id)?.Group;
        ApprovalResource[] shown = [.. waiting.Items.Where(one => one.Id == id || one.Group == group)];
        Console.Error.WriteLine(string.Join('\n', shown.Select(ApprovalsCommand.Describe)));
        Console.Error.Write($"{verb} {(shown.Length == 1 ? "this one" : $"these {shown.Length}")}? [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes" ? [.. shown.Select(static one => one.Id)] : [];
    }
}
