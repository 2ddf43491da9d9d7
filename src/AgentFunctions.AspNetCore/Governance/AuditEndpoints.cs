using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>Who allowed what, and whether the record of it is as it was written.</summary>
internal static class AuditEndpoints
{
    private const int MaxPage = 1000;

    /// <summary>How far an entry may lie from its place by time, because the clocks of instances differ.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder audit = api.MapGroup("/audit").WithTags("Audit");
        audit.MapGet("", ListAsync)
            .WithName("listAudit")
            .WithSummary("Read the audit log, oldest first.")
            .WithQuery("run", "Only what concerns this run and the tree below it.")
            .WithQuery("after", "The cursor of the page before. What was added meanwhile is found, whatever its time.")
            .WithQuery("from", "How many entries to leave out, where no cursor is given; 0 by default.", 0, long.MaxValue - 1)
            .WithQuery("limit", "The most entries of the page; 200 by default.", 1, MaxPage)
            .WithQuery("type", "Only entries of this type, such as `call.decided`.")
            .WithQuery<PolicyVerdict>("verdict", "Only entries with this verdict.")
            .WithQuery("tool", "Only entries about this tool.")
            .WithQuery("actor", "Only what this person or program did.")
            .WithQuery("since", "Only entries of this time (ISO 8601) or later; those before are not read.")
            .WithQuery("until", "Only entries of this time (ISO 8601) or earlier.")
            .WithQuery<bool>("newest",
                "Whether to give the last entries that match, oldest of them first, in place of the first ones.")
            .WithQuery<bool>("text", "Whether to tell each entry in a sentence too.")
            .Produces<AuditListResource>()
            .ProducesProblems(400, 401, 403, 404, 503);
        audit.MapGet("/verify", VerifyAsync)
            .WithName("verifyAudit")
            .WithSummary("Check whether the audit log's chain and signatures hold.")
            .Produces<AuditVerification>()
            .ProducesProblems(401, 403, 503);
        audit.MapGet("/export", Export)
            .WithName("exportAudit")
            .WithSummary("Get the whole audit log as it is stored, one entry a line, for a check elsewhere.")
            .Produces<byte[]>(200, AuditDownload.MediaType)
            .ProducesProblems(401, 403, 503);
        audit.MapGet("/keys", KeysAsync)
            .WithName("getAuditKeys")
            .WithSummary("The public keys to verify the audit log with; keep them elsewhere.")
            .Produces<PublicKeySet>()
            .ProducesProblems(401, 403, 503);
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, AuditLog audit, RunAccess access, CancellationToken cancellationToken)
    {
        string? run = http.Request.Query.Text("run");
        long from = http.Request.Query.Position("from") ?? 0;
        AuditCursor? after = http.Request.Query["after"] is { Count: > 0 } text ? AuditCursor.Parse(text.ToString()) : null;
        int limit = http.Request.Query.Number("limit", 200, 1, MaxPage);
        if (run is null || !await access.IsRequesterAsync(http.Caller(), run, cancellationToken))
        {
            http.Ensure(CallerRoles.Auditor);
        }

        AuditQuery query = AuditQuery.Of(http.Request.Query);
        if (query.Since > query.Until)
        {
            throw new AgentException(ErrorCode.InvalidInput, "since: use a time before until.");
        }

        if (query.Newest && after is null && from == 0)
        {
            IReadOnlyList<AuditEntry> newest = await audit.ReadNewestAsync(
                query.Matches, limit, run, query.Since, cancellationToken);
            return Answers.Json(ListOf(newest, query, null, null));
        }

        var entries = new Queue<AuditEntry>();
        AuditCursor cursor = after
            ?? (query.Since is { } since ? await audit.FindAsync(since, run, cancellationToken) : AuditCursor.Start);
        bool isCounted = after is null && query.Since is null && (from > 0 || !query.IsFilter);
        IAsyncEnumerable<AuditEntry> read = isCounted
            ? audit.ReadAsync(run, from, cancellationToken)
            : audit.ReadAfterAsync(cursor, run, query.Filter, cancellationToken);
        await foreach (AuditEntry entry in read)
        {
            if (entry.At > query.Until + Patience)
            {
                break;
            }

            if (!query.Newest && entries.Count == limit)
            {
                // How many were left out by a filter is no number of entries to leave out.
                return Answers.Json(
                    ListOf(entries, query, isCounted && !query.IsFilter ? from + limit : null, cursor.ToString()));
            }

            cursor = cursor.Past(entry);
            if (query.Matches(entry))
            {
                entries.Enqueue(entry);
                if (entries.Count > limit)
                {
                    entries.Dequeue();
                }
            }
        }

        return Answers.Json(ListOf(entries, query, null, null));
    }

    private static AuditListResource ListOf(IEnumerable<AuditEntry> entries, AuditQuery query, long? next, string? cursor)
    {
        AuditEntry[] items = [.. entries];
        return new AuditListResource(items, next, cursor) { Text = query.Text ? [.. items.Select(AuditStory.Tell)] : null };
    }

    private static async Task<IResult> VerifyAsync(HttpContext http, AuditLog audit, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Auditor);
        return Answers.Json(await audit.VerifyAsync(cancellationToken));
    }

    private static AuditDownload Export(HttpContext http, ILogStore logs)
    {
        http.Ensure(CallerRoles.Auditor);
        return new AuditDownload(logs);
    }

    private static async Task<IResult> KeysAsync(
        HttpContext http, [FromKeyedServices("audit")] SigningKeys keys, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Auditor);
        return Answers.Json(await keys.PublishedAsync(cancellationToken));
    }
}
