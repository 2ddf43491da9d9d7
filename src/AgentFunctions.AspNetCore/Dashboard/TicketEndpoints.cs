using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Governance.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>Tickets with which a browser reads one address where it cannot send credentials: downloads and images.</summary>
internal static class TicketEndpoints
{
    /// <summary>The name of what issues them: it reads, although it is a POST.</summary>
    public const string Name = "issueTicket";

    private const int MaxPath = 2_048;

    public static void MapTickets(this IEndpointRouteBuilder api) => api.MapPost("/tickets", IssueAsync)
        .WithTags("Session")
        .WithName(Name)
        .WithSummary("Get an address that a browser can follow without credentials, for one minute.")
        .WithDescription("It reads that path as this caller and nothing else; its answer is an attachment, never a page.")
        .Accepts<TicketSubmission>("application/json")
        .Produces<TicketResource>()
        .ProducesProblems(400, 401, 403, 415, 503);

    private static async Task<IResult> IssueAsync(HttpContext http, AddressTickets tickets, CancellationToken cancellationToken)
    {
        TicketSubmission said = await http.Request.ReadJsonAsync<TicketSubmission>(cancellationToken);
        string root = http.Root();
        string address = AddressOf(said.Path ?? "", root);
        AddressTicket ticket = await tickets.IssueAsync(http.Caller(), address, cancellationToken);
        string url = new TicketedAddress(address, ticket.Text).ToString();
        // As it was asked for: below the root of the host, or below the runtime's own.
        return new SecretAnswer(Answers.Json(new TicketResource(
            said.Path!.StartsWith($"{root}/api/", StringComparison.Ordinal) ? url : url[root.Length..],
            ticket.ExpiresAt.UtcDateTime)));
    }

    /// <summary>The address in the one spelling in which a request for it is read.</summary>
    private static string AddressOf(string path, string root)
    {
        string[] parts = path.Split('?', 2);
        string own = parts[0].StartsWith($"{root}/api/", StringComparison.Ordinal) ? parts[0][root.Length..] : parts[0];
        if (path.Length > MaxPath || !own.StartsWith("/api/", StringComparison.Ordinal)
            || path.Any(static c => c is '#' or '\\' || char.IsControl(c))
            || (parts.Length > 1 && parts[1].Contains("ticket=", StringComparison.Ordinal)))
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"path: use a path of the API, such as /api/runs/ID/artifacts/NAME, of at most {MaxPath} characters and without a ticket.");
        }

        return $"{root}{PathString.FromUriComponent(own).ToUriComponent()}{(parts.Length > 1 ? $"?{parts[1]}" : "")}";
    }
}
