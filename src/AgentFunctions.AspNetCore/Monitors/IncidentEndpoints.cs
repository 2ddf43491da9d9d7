using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Monitors.Incidents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Monitors;

/// <summary>Show incidents, and change them on a person's behalf.</summary>
internal static class IncidentEndpoints
{
    private const int MaxPage = 200;

    public static void MapIncidents(this IEndpointRouteBuilder incidents)
    {
        incidents.MapGet("", ListAsync)
            .WithName("listIncidents")
            .WithSummary("List incidents: the open ones by priority first, then the newest.")
            .WithQuery<IncidentState>("state", "Only incidents in this state.")
            .WithQuery("monitor", "Only incidents of this monitor.")
            .WithQuery("limit", "The most incidents; 50 by default.", 1, MaxPage)
            .Produces<IncidentListResource>()
            .ProducesProblems(400, 401, 403, 503);
        incidents.MapGet("/dead-letters", ListDeadLettersAsync)
            .WithName("listDeadLetters")
            .WithSummary("List the notifications that could not be delivered.")
            .Produces<DeadLetterListResource>()
            .ProducesProblems(401, 403, 503);
        incidents.MapGet("/{id}", GetAsync)
            .WithName("getIncident")
            .WithSummary("Get an incident with its timeline.")
            .Produces<Incident>()
            .ProducesProblems(401, 403, 404, 503);
        incidents.MapPost("/{id}/acknowledge", AcknowledgeAsync)
            .WithName("acknowledgeIncident")
            .WithSummary("Acknowledge an incident, which ends its escalation.")
            .WithOptionalBody<CommentSubmission>()
            .Produces<Incident>()
            .ProducesProblems(400, 401, 403, 404, 409, 415, 503);
        incidents.MapPost("/{id}/resolve", ResolveAsync)
            .WithName("resolveIncident")
            .WithSummary("End an incident; where its signals are still in breach, the next tick opens it again.")
            .WithOptionalBody<CommentSubmission>()
            .Produces<Incident>()
            .ProducesProblems(400, 401, 403, 404, 409, 415, 503);
    }

    private static async Task<IResult> ListAsync(HttpContext http, IncidentService service, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Viewer, CallerRoles.Operator);
        IQueryCollection query = http.Request.Query;
        IReadOnlyList<Incident> found = await service.ListAsync(
            query.Text("monitor"), query.Member<IncidentState>("state"), query.Number("limit", 50, 1, MaxPage),
            cancellationToken);
        return MonitorEndpoints.Json(new IncidentListResource(found));
    }

    private static async Task<IResult> ListDeadLettersAsync(HttpContext http, IncidentService service,
        CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Viewer, CallerRoles.Operator);
        return MonitorEndpoints.Json(new DeadLetterListResource(
            await service.ListDeadLettersAsync(cancellationToken).ToListAsync(cancellationToken)));
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, IncidentService service,
        CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Viewer, CallerRoles.Operator);
        return MonitorEndpoints.Json(await service.GetAsync(id, cancellationToken));
    }

    private static async Task<IResult> AcknowledgeAsync(
        string id, HttpContext http, IncidentService service, CancellationToken cancellationToken)
    {
        Caller caller = http.Ensure(CallerRoles.Operator);
        CommentSubmission? body = await http.Request.ReadOptionalJsonAsync<CommentSubmission>(cancellationToken);
        return MonitorEndpoints.Json(await service.AcknowledgeAsync(id, caller.Id, body?.Comment, cancellationToken));
    }

    private static async Task<IResult> ResolveAsync(
        string id, HttpContext http, IncidentService service, CancellationToken cancellationToken)
    {
        Caller caller = http.Ensure(CallerRoles.Operator);
        CommentSubmission? body = await http.Request.ReadOptionalJsonAsync<CommentSubmission>(cancellationToken);
        return MonitorEndpoints.Json(await service.ResolveAsync(id, caller.Id, body?.Comment, cancellationToken));
    }
}
