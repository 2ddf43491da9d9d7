using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Steer runs from outside.</summary>
internal static class RunControlEndpoints
{
    private const string IdempotencyKey = "Idempotency-Key";

    public static void MapRunControl(this IEndpointRouteBuilder runs)
    {
        Steer(runs.MapPost("/{id}/cancel", CancelAsync), "cancelRun")
            .WithSummary("Ask a run to end.")
            .WithDescription("What is in flight is cancelled, what was reached stays. The body may be left out.")
            .WithMetadata(new RunActMetadata(RunAct.Stop))
            .WithOptionalBody<CancelSubmission>();
        Steer(runs.MapPost("/{id}/pause", PauseAsync), "pauseRun")
            .WithSummary("Hold a run.")
            .WithMetadata(new RunActMetadata(RunAct.Stop))
            .WithDescription("Steps in flight finish, no further one starts until the run is resumed.");
        Steer(runs.MapPost("/{id}/resume", ResumeAsync), "resumeRun")
            .WithSummary("Resume a run.")
            .WithDescription("A paused run goes on; a failed one is taken up again from its last good step.");
        Steer(runs.MapPost("/{id}/messages", SendAsync), "sendMessage")
            .WithSummary("Say something to a run.")
            .WithDescription("A live run's model is shown it before its next message, once and in order; a run that has ended goes on with it.")
            .Accepts<MessageSubmission>("application/json");
        Steer(runs.MapPost("/{id}/budget", GrantAsync), "grantBudget")
            .WithSummary("Let a run spend more.")
            .WithDescription("The parts come on top of what was granted; a part that was not limited stays so. A run that its budget has ended goes on.")
            .Accepts<BudgetResource>("application/json");
        Steer(runs.MapPost("/{id}/fork", ForkAsync), "forkRun")
            .WithSummary("Start a new run from a turn of this one.")
            .WithDescription(
                "The new run has the messages up to and including the turn, and what is left of this run's budget unless it is granted another. "
                + "This run stays as it is. Effects of its tools are not undone.")
            .Accepts<ForkSubmission>("application/json");
    }

    private static RouteHandlerBuilder Steer(RouteHandlerBuilder builder, string name) => builder
        .WithName(name)
        .WithHeader(IdempotencyKey,
            "1 to 200 characters that name this request: repeated under the same key, it is carried out once.")
        .Produces<RunResource>(StatusCodes.Status202Accepted)
        .ProducesProblems(400, 401, 403, 404, 409, 410, 415, 429, 503);

    private static async Task<IResult> CancelAsync(
        string id, HttpContext http, RunSteering steering, RunResources resources, CancellationToken cancellationToken)
    {
        CancelSubmission? submission = await http.Request.ReadOptionalJsonAsync<CancelSubmission>(cancellationToken);
        if (submission?.Reason is { Length: > 1000 })
        {
            throw new AgentException(ErrorCode.InvalidInput, "reason: use at most 1,000 characters.");
        }

        return Accepted(await steering.CancelAsync(id, http.Caller(), submission?.Reason, KeyOf(http), cancellationToken),
            resources, http);
    }

    private static async Task<IResult> PauseAsync(
        string id, HttpContext http, RunSteering steering, RunResources resources, CancellationToken cancellationToken) =>
        Accepted(await steering.PauseAsync(id, http.Caller(), KeyOf(http), cancellationToken), resources, http);

    private static async Task<IResult> ResumeAsync(
        string id, HttpContext http, RunSteering steering, RunResources resources, CancellationToken cancellationToken) =>
        Accepted(await steering.ResumeAsync(id, http.Caller(), KeyOf(http), cancellationToken), resources, http);

    private static async Task<IResult> SendAsync(
        string id, HttpContext http, RunSteering steering, RunResources resources, CancellationToken cancellationToken)
    {
        MessageSubmission submission = await http.Request.ReadJsonAsync<MessageSubmission>(cancellationToken);
        return Accepted(await steering.SendAsync(id, submission.Text, http.Caller(), KeyOf(http), cancellationToken), resources,
            http);
    }

    private static async Task<IResult> GrantAsync(
        string id, HttpContext http, RunSteering steering, RunResources resources, CancellationToken cancellationToken)
    {
        BudgetResource more = await http.Request.ReadJsonAsync<BudgetResource>(cancellationToken);
        return Accepted(await steering.GrantAsync(id, more.ToBudget(), http.Caller(), KeyOf(http), cancellationToken), resources,
            http);
    }

    private static async Task<IResult> ForkAsync(
        string id, HttpContext http, RunForking forking, RunResources resources, CancellationToken cancellationToken)
    {
        ForkSubmission submission = await http.Request.ReadJsonAsync<ForkSubmission>(cancellationToken);
        Run run = await forking.ForkAsync(id, submission.ToRequest(), http.Caller(), KeyOf(http), cancellationToken);
        http.Response.Headers.Location = resources.Of(run, http.Root()).Links.Self;
        return Accepted(run, resources, http);
    }

    private static string? KeyOf(HttpContext http) => http.Request.Headers.Single(IdempotencyKey);

    private static IResult Accepted(Run run, RunResources resources, HttpContext http) =>
        Answers.Json(resources.Of(run, http.Root()), StatusCodes.Status202Accepted);
}
