using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Gateway;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Previews;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

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
        api.MapGet("/agents/{agent}", GetAsync)
            .WithTags("Agents")
            .WithName("getAgent")
            .WithSummary("Get an agent: its tools with what the policy says of them, its instructions, and what its last runs took.")
            .Produces<AgentDetailResource>()
            .ProducesProblems(401, 403, 404, 503);
        api.MapGroup("/agents").WithTags("Runs").AddEndpointFilter<RouteGroupBuilder, RunAccessFilter>().MapRunsOfAgent();
    }

    private static IResult List(AgentCatalog catalog, AgentResources resources) =>
        Answers.Json(resources.Of(catalog));

    private static async Task<IResult> GetAsync(
        string agent, HttpContext http, AgentCatalog catalog, AgentResources resources, PolicyTests policies,
        CancellationToken cancellationToken)
    {
        Caller caller = http.Caller();
        bool seesAll = RunAccessFilter.SeesAll(caller);
        AgentDefinition found = catalog.Resolve(agent);
        PastRuns past = await http.RequestServices.GetRequiredService<AgentPast>()
            .GetAsync(found.Name, seesAll ? null : caller.Id, cancellationToken);
        VerdictResource[] tools = [.. (await policies.ToolsAsync(found, caller, cancellationToken)).Select(VerdictResource.Of)];
        return Answers.Json(new AgentDetailResource(resources.Of(found), tools, PastRunsResource.Of(past))
        {
            Instructions = seesAll ? found.Instructions : null,
            Delegation = found.Delegation,
            DefinitionHash = found.Hash,
            OutputSchema = found.OutputSchema,
            MaySubmit = http.RequestServices.GetRequiredService<AgentGateway>().MayAsk(caller, found.Name),
        });
    }
}
