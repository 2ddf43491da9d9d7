using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
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
        incidents.MapGet("/{id}", async (string id, IncidentService service, CancellationToken cancellationToken) =>
                MonitorEndpoints.Json(await service.GetAsync(id, cancellationToken)))
            .WithName("getIncident")
            .WithSummary("Get an incident with its timeline.")
            .Produces<Incident>()
            .ProducesProblems(401, 403, 404, 503);
        incidents.MapPost("/{id}/acknowledge", AcknowledgeAsync)
            .WithName("acknowledgeIncident")
            .WithSummary("Take an incident up: nobody else is told any more.")
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

    private static async Task<IResult> ListAsync(HttpRequest request, IncidentService service, CancellationToken cancellationToken)
    {
        IReadOnlyList<Incident> found = await service.ListAsync(
            request.Query.Text("monitor"), request.Query.Member<IncidentState>("state"), request.Query.Number("limit", 50, 1, MaxPage), cancellationToken);
        return MonitorEndpoints.Json(new IncidentListResource(found));
    }

    private static async Task<IResult> ListDeadLettersAsync(IncidentService service, CancellationToken cancellationToken) =>
        MonitorEndpoints.Json(new DeadLetterListResource(await service.ListDeadLettersAsync(cancellationToken).ToListAsync(cancellationToken)));

    private static async Task<IResult> AcknowledgeAsync(
        string id, HttpRequest request, IncidentService service, CancellationToken cancellationToken)
    {
        CommentSubmission? body = await request.ReadOptionalJsonAsync<CommentSubmission>(cancellationToken);
        return MonitorEndpoints.Json(await service.AcknowledgeAsync(id, comment: body?.Comment, cancellationToken: cancellationToken));
    }

    private static async Task<IResult> ResolveAsync(
        string id, HttpRequest request, IncidentService service, CancellationToken cancellationToken)
    {
        CommentSubmission? body = await request.ReadOptionalJsonAsync<CommentSubmission>(cancellationToken);
        return MonitorEndpoints.Json(await service.ResolveAsync(id, comment: body?.Comment, cancellationToken: cancellationToken));
    }
}
