using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Agents;

/// <summary>The catalog of agents.</summary>
internal static class AgentEndpoints
{
    public static void MapAgents(this IEndpointRouteBuilder api)
    {
        api.MapGet("/agents", List)
            .WithTags("Agents")
            .WithName("listAgents")
            .WithSummary("List the agents of this host.")
            .Produces<AgentListResource>()
            .ProducesProblems(401, 403);
        api.MapGroup("/agents").WithTags("Runs").AddEndpointFilter<RouteGroupBuilder, RunAccessFilter>().MapRunsOfAgent();
    }

    private static IResult List(AgentCatalog catalog, AgentResources resources) =>
        Answers.Json(resources.Of(catalog));
}
