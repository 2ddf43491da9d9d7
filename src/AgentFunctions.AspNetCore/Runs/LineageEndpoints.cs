using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Views.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Where a run comes from, and what became of it in others.</summary>
internal static class LineageEndpoints
{
    public static void MapLineage(this IEndpointRouteBuilder runs) => runs.MapGet("/{id}/lineage", GetAsync)
        .WithName("getRunLineage")
        .WithSummary("Get the runs that a run continues from by forks and rewinds, and those that continue from it.")
        .Produces<LineageResource>()
        .ProducesProblems(401, 403, 404, 410, 503);

    private static async Task<IResult> GetAsync(
        string id, HttpContext http, RunFamilies families, CancellationToken cancellationToken)
    {
        Caller caller = http.Caller();
        RunFamily family = await families.GetAsync(id, RunAccessFilter.SeesAll(caller) ? null : caller.Id, cancellationToken);
        return Answers.Json(LineageResource.Of(id, family));
    }
}
