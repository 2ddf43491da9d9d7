using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A run tree as a flat list.</summary>
internal static class NodeEndpoints
{
    public static void MapNodes(this IEndpointRouteBuilder runs) => runs.MapGet("/{id}/nodes", GetAsync)
        .WithName("listRunNodes")
        .WithSummary("Get a run and all below it as a flat list: who does what, what it costs by itself and with its branch, and what is slowest.")
        .Produces<RunNodeListResource>()
        .ProducesProblems(401, 403, 404, 410, 503);

    private static async Task<IResult> GetAsync(string id, HttpContext http, RunTreeReader trees,
        CancellationToken cancellationToken)
    {
        RunTree tree = await trees.GetAsync(id, cancellationToken);
        return Answers.Json(RunNodeListResource.Of(tree, (await PersonDesk.OfAsync(http, cancellationToken)).Tools));
    }
}
