using System.ComponentModel;
using System.Text;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.FunctionApp;

/// <summary>Two tools over a ticket system, played by the app's own log store.</summary>
internal static class TicketTools
{
    public static AgentTool FindTicket { get; } = AgentTool.Create(
        "find_ticket", "Reads a ticket with its comments.", ToolEffect.None, FindAsync);

    /// <summary>Commenting twice would be seen, so the host never repeats it on its own.</summary>
    public static AgentTool CommentOnTicket { get; } = AgentTool.Create(
        "comment_on_ticket", "Adds a comment to a ticket.", ToolEffect.NotIdempotent, CommentAsync);

    private static async Task<object> FindAsync(
        [Description("The ticket, for instance PAY-17.")] string ticket, ToolContext context, CancellationToken cancellationToken)
    {
        var comments = new List<string>();
        await foreach (LogEntry entry in Tickets(context).ReadAsync(Stream(ticket), 0, null, cancellationToken))
        {
            comments.Add(Encoding.UTF8.GetString(entry.Data.Span));
        }

        return new { ticket, status = "open", comments };
    }

    private static async Task<object> CommentAsync(
        [Description("The ticket, for instance PAY-17.")] string ticket,
        [Description("What to say.")] string comment,
        ToolContext context,
        CancellationToken cancellationToken)
    {
        long number = await Tickets(context)
            .AppendAsync(Stream(ticket), [Encoding.UTF8.GetBytes(comment)], null, cancellationToken);
        return new { ticket, comment = number + 1 };
    }

    private static ILogStore Tickets(ToolContext context) => context.Services.GetRequiredService<ILogStore>();

    private static string Stream(string ticket) => $"sample/tickets/{ticket}";
}
