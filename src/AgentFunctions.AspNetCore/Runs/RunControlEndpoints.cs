using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Steer runs from outside.</summary>
internal static class RunControlEndpoints
{
    public static void MapRunControl(this IEndpointRouteBuilder runs) =>
        runs.MapPost("/{id}/cancel", CancelAsync)
            .WithName("cancelRun")
            .WithSummary("Ask a run to end.")
            .WithDescription("What is in flight is cancelled, what was reached stays. The body may be left out.")
            .WithOptionalBody<CancelSubmission>()
            .Produces<RunResource>(StatusCodes.Status202Accepted)
            .ProducesProblems(400, 401, 403, 404, 409, 415, 503);

    private static async Task<IResult> CancelAsync(
        string id, HttpContext http, RunSteering steering, RunResources resources, CancellationToken cancellationToken)
    {
        CancelSubmission? submission = await http.Request.ReadOptionalJsonAsync<CancelSubmission>(cancellationToken);
        if (submission?.Reason is { Length: > 1000 })
        {
            throw new AgentException(ErrorCode.InvalidInput, "reason: use at most 1,000 characters.");
        }

        Run run = await steering.CancelAsync(id, http.Caller().Id, submission?.Reason, cancellationToken);
        return Answers.Json(resources.Of(run), StatusCodes.Status202Accepted);
    }
}

/// <summary>Why a run is to end.</summary>
internal sealed record CancelSubmission
{
    /// <summary>The reason, for the run's journal; at most 1,000 characters.</summary>
    public string? Reason { get; init; }
}
