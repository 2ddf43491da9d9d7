using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A run with its sub-agents.</summary>
internal static class TreeEndpoints
{
    public static void MapTree(this IEndpointRouteBuilder runs) =>
        runs.MapGet("/{id}/tree", GetAsync)
            .WithName("getRunTree")
            .WithSummary("Get a run and its sub-agents, nested.")
            .WithDescription("Who does what, and what it costs: the numbers of a branch include all below it, whether it has ended or not.")
            .Produces<RunTreeResource>()
            .ProducesProblems(401, 403, 404, 410, 503);

    private static async Task<IResult> GetAsync(string id, RunTreeReader trees, CancellationToken cancellationToken) =>
        Answers.Json(RunTreeResource.Of(await trees.GetAsync(id, cancellationToken)));
}
