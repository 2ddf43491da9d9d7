using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>Who allowed what, and whether the record of it is as it was written.</summary>
internal static class AuditEndpoints
{
    private const int MaxPage = 1000;

    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder audit = api.MapGroup("/audit").WithTags("Audit");
        audit.MapGet("", ListAsync)
            .WithName("listAudit")
            .WithSummary("Read the audit log, oldest first.")
            .WithQuery("run", "Only what concerns this run and the tree below it.")
            .WithQuery("from", "The number of the first entry; 0 by default.", 0, long.MaxValue - 1)
            .WithQuery("limit", "The most entries of the page; 200 by default.", 1, MaxPage)
            .Produces<AuditListResource>()
            .ProducesProblems(400, 401, 403, 404, 503);
        audit.MapGet("/verify", VerifyAsync)
            .WithName("verifyAudit")
            .WithSummary("Check whether the audit log's chain and signatures hold.")
            .Produces<AuditVerification>()
            .ProducesProblems(401, 403, 503);
        audit.MapGet("/keys", KeysAsync)
            .WithName("getAuditKeys")
            .WithSummary("The public keys to verify the audit log with; keep them elsewhere.")
            .Produces<PublicKeySet>()
            .ProducesProblems(401, 403, 503);
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, AuditLog audit, RunStore runs, CancellationToken cancellationToken)
    {
        string? run = http.Request.Query.Text("run");
        long from = http.Request.Query.Position("from") ?? 0;
        int limit = http.Request.Query.Number("limit", 200, 1, MaxPage);
        RunRecord? own = run is null ? null : await runs.FindAsync(run, cancellationToken);
        if (own?.Requester != http.Caller().Id)
        {
            http.Demand(CallerRoles.Auditor);
        }

        var entries = new List<AuditEntry>();
        await foreach (AuditEntry entry in audit.ReadAsync(run, from, cancellationToken))
        {
            if (entries.Count == limit)
            {
                return Answers.Json(new AuditListResource(entries, entry.Seq));
            }

            entries.Add(entry);
        }

        return Answers.Json(new AuditListResource(entries, null));
    }

    private static async Task<IResult> VerifyAsync(HttpContext http, AuditLog audit, CancellationToken cancellationToken)
    {
        http.Demand(CallerRoles.Auditor);
        return Answers.Json(await audit.VerifyAsync(cancellationToken));
    }

    private static async Task<IResult> KeysAsync(
        HttpContext http, [FromKeyedServices("audit")] SigningKeys keys, CancellationToken cancellationToken)
    {
        http.Demand(CallerRoles.Auditor);
        return Answers.Json(await keys.PublishedAsync(cancellationToken));
    }
}

/// <summary>A page of the audit log.</summary>
/// <param name="Items">The entries, oldest first.</param>
/// <param name="Next">The number to go on from; absent at the end.</param>
internal sealed record AuditListResource(IReadOnlyList<AuditEntry> Items, long? Next);
