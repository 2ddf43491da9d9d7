using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.AspNetCore.Health;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Monitors;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the HTTP API.</summary>
public static class AgentFunctionsEndpoints
{
    /// <summary>Maps <c>/api</c>, <c>/health</c> and the OpenAPI document <c>/openapi/v1.json</c>.</summary>
    /// <param name="endpoints">Where to map.</param>
    public static void MapAgentFunctions(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RouteGroupBuilder api = endpoints.MapGroup("/api").AddEndpointFilter<RouteGroupBuilder, ViewFilter>();
        RouteGroupBuilder runs = api.MapGroup("/runs").WithTags("Runs").AddEndpointFilter<RouteGroupBuilder, RunAccessFilter>();
        runs.MapRuns();
        runs.MapTree();
        runs.MapRunControl();
        runs.MapEvents();
        runs.MapTranscript();
        runs.MapArtifacts();
        api.MapAgents();
        api.MapApprovals();
        api.MapReviews();
        api.MapAudit();
        api.MapKill();
        api.MapKeys();
        api.MapGroup("/monitors").WithTags("Monitors").MapMonitors();
        api.MapGroup("/incidents").WithTags("Incidents").MapIncidents();
        endpoints.MapPublishedKeys();
        endpoints.MapHealth();
        endpoints.MapOpenApi("/openapi/{documentName}.json");
    }
}
