using System.CommandLine;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>approvals</c>: what waits for a person, the riskiest first.</summary>
internal static class ApprovalsCommand
{
    public static Command Create()
    {
        var server = new ServerOptions();
        var command = new Command("approvals",
            "List what waits for a person on a server: the riskiest first, similar ones together.");
        var reveal = new Option<string?>("--reveal")
        {
            Description = "Show one approval with nothing masked; for who may decide, and the audit log says who looked.",
            HelpName = "ID",
        };
        command.Add(reveal);
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            if (parsed.GetValue(reveal) is { } id)
            {
                Console.WriteLine(Describe(await client.RevealApprovalAsync(id, cancellationToken)));
                return ExitCode.Done;
            }

            ApprovalListResource waiting = await client.ListApprovalsAsync(cancellationToken);
            Console.WriteLine(waiting.Items.Count == 0 ? "nothing waits" : string.Join('\n', waiting.Items.Select(Describe)));
            return ExitCode.Done;
        });
        return command;
    }

    public static string Describe(ApprovalResource approval) => Terminal.Lines(
        $"{approval.Id}  {CamelCase.Of(approval.Risk)} risk  {approval.Tool} {Terminal.Json(approval.Arguments.GetRawText())}\n"
        + string.Concat(approval.Masked.Select(static part =>
            $"    masked: {part.Path}, {part.Length} characters: {part.Why}{(part.IsPlain ? "" : "; more than a value, look at it with --reveal")}\n"))
        + (approval.OriginalArguments is { } original ? $"    the model asked for {Terminal.Json(original.GetRawText())}\n" : "")
        + $"    run {approval.Run} of {approval.Requester}, agents {string.Join(" > ", approval.Chain)}; rule '{approval.Rule}'"
        + $"{(approval.Reason is null ? "" : $": {approval.Reason}")}\n"
        + (approval.Obstacle is { } obstacle ? $"    the call can no longer be made: {obstacle}\n" : "")
        + $"    {CamelCase.Of(approval.State)}, {approval.Approved} of {approval.Needed} by {string.Join(", ", approval.Roles)}; "
        + $"group {approval.Group}; until {approval.ExpiresAt:u}");
}
