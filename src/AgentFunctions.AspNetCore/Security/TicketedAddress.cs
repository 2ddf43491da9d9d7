using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>An address that carries a ticket: <c>PATH?ticket=…</c>, the ticket last.</summary>
/// <param name="Address">The address without the ticket.</param>
/// <param name="Ticket">The ticket.</param>
internal sealed record TicketedAddress(string Address, string Ticket)
{
    private const string Parameter = "ticket=";

    /// <summary>Finds the ticket of a request that reads; <see langword="null"/> if it has none.</summary>
    public static TicketedAddress? Find(HttpRequest request)
    {
        string query = request.QueryString.ToUriComponent();
        int at = query.LastIndexOf(Parameter, StringComparison.Ordinal);
        return at > 0 && query[at - 1] is '?' or '&' && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            ? new TicketedAddress(
                $"{request.PathBase.ToUriComponent()}{request.Path.ToUriComponent()}{query.AsSpan(0, at - 1)}",
                query[(at + Parameter.Length)..])
            : null;
    }

    /// <summary>The address with its ticket.</summary>
    public override string ToString() =>
        $"{Address}{(Address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{Parameter}{Ticket}";

    /// <summary>Keeps an answer from being shown as a page.</summary>
    public static Task Contain(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-store";
        if (response.Headers.ContentDisposition.Count == 0)
        {
            response.Headers.ContentDisposition = "attachment";
        }

        return Task.CompletedTask;
    }
}
