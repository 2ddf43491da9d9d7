using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Governance.Reviews;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The changes that nobody has reviewed.</summary>
internal static class ReviewEndpoints
{
    public static void MapReviews(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder reviews = api.MapGroup("/reviews").WithTags("Reviews");
        reviews.MapGet("", ListAsync)
            .WithName("listReviews")
            .WithSummary("List the changes that have not been reviewed, by label, the oldest first.")
            .Produces<ReviewListResource>()
            .ProducesProblems(401, 403, 503);
        reviews.MapPost("/accept", AcceptAsync)
            .WithName("acceptReviews")
            .WithSummary("Mark changes as reviewed; runs that waited for it continue.")
            .Accepts<ReviewSubmission>("application/json")
            .Produces<ReviewedResource>()
            .ProducesProblems(400, 401, 403, 404, 415, 503);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ReviewService desk, CancellationToken cancellationToken) =>
        Answers.Json(new ReviewListResource(await desk.ListAsync(http.Caller(), cancellationToken)));

    private static async Task<IResult> AcceptAsync(HttpContext http, ReviewService desk, CancellationToken cancellationToken)
    {
        ReviewSubmission said = await http.Request.ReadJsonAsync<ReviewSubmission>(cancellationToken);
        return Answers.Json(new ReviewedResource(
            await desk.AcceptAsync(said.Ids, said.Run, http.Caller(), said.Comment, cancellationToken)));
    }
}
