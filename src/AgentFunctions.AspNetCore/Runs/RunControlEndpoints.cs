using System.ComponentModel.DataAnnotations;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Steer runs from outside.</summary>
internal static class RunControlEndpoints
{
    public static void MapRunControl(this IEndpointRouteBuilder runs)
    {
        Steer(runs.MapPost("/{id}/cancel", CancelAsync), "cancelRun")
            .WithSummary("Ask a run to end.")
            .WithDescription("What is in flight is cancelled, what was reached stays. The body may be left out.")
            .WithOptionalBody<CancelSubmission>();
        Steer(runs.MapPost("/{id}/pause", PauseAsync), "pauseRun")
            .WithSummary("Hold a run.")
            .WithDescription("Steps in flight finish, no further one starts until the run is resumed.");
        Steer(runs.MapPost("/{id}/resume", ResumeAsync), "resumeRun")
            .WithSummary("Let a run go on.")
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
            .WithHeader("Idempotency-Key", "1 to 200 characters that name this submission.")
            .Accepts<ForkSubmission>("application/json");
    }

    private static RouteHandlerBuilder Steer(RouteHandlerBuilder builder, string name) => builder
        .WithName(name)
        .Produces<RunResource>(StatusCodes.Status202Accepted)
        .ProducesProblems(400, 401, 403, 404, 409, 415, 503);

    private static async Task<IResult> CancelAsync(
        string id, HttpRequest request, RunSteering steering, RunResources resources, CancellationToken cancellationToken)
    {
        CancelSubmission? submission = await request.ReadOptionalJsonAsync<CancelSubmission>(cancellationToken);
        if (submission?.Reason is { Length: > 1000 })
        {
            throw new AgentException(ErrorCode.InvalidInput, "reason: use at most 1,000 characters.");
        }

        return Accepted(await steering.CancelAsync(id, reason: submission?.Reason, cancellationToken: cancellationToken), resources);
    }

    private static async Task<IResult> PauseAsync(string id, RunSteering steering, RunResources resources, CancellationToken cancellationToken) =>
        Accepted(await steering.PauseAsync(id, cancellationToken: cancellationToken), resources);

    private static async Task<IResult> ResumeAsync(string id, RunSteering steering, RunResources resources, CancellationToken cancellationToken) =>
        Accepted(await steering.ResumeAsync(id, cancellationToken: cancellationToken), resources);

    private static async Task<IResult> SendAsync(
        string id, HttpRequest request, RunSteering steering, RunResources resources, CancellationToken cancellationToken)
    {
        MessageSubmission submission = await request.ReadJsonAsync<MessageSubmission>(cancellationToken);
        return Accepted(await steering.SendAsync(id, submission.Text, cancellationToken: cancellationToken), resources);
    }

    private static async Task<IResult> GrantAsync(
        string id, HttpRequest request, RunSteering steering, RunResources resources, CancellationToken cancellationToken)
    {
        BudgetResource more = await request.ReadJsonAsync<BudgetResource>(cancellationToken);
        return Accepted(await steering.GrantAsync(id, more.ToBudget(), cancellationToken: cancellationToken), resources);
    }

    private static async Task<IResult> ForkAsync(
        string id, HttpContext http, RunForking forking, RunResources resources, CancellationToken cancellationToken)
    {
        string? key = http.Request.Headers.Single("Idempotency-Key");
        ForkSubmission submission = await http.Request.ReadJsonAsync<ForkSubmission>(cancellationToken);
        Run run = await forking.ForkAsync(id, submission.ToRequest(), idempotencyKey: key, cancellationToken: cancellationToken);
        http.Response.Headers.Location = resources.Of(run).Links.Self;
        return Accepted(run, resources);
    }

    private static IResult Accepted(Run run, RunResources resources) => Answers.Json(resources.Of(run), StatusCodes.Status202Accepted);
}

/// <summary>Why a run is to end.</summary>
internal sealed record CancelSubmission
{
    /// <summary>The reason, for the run's journal; at most 1,000 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>What is said to a run.</summary>
internal sealed record MessageSubmission
{
    /// <summary>The words; at most 32,768 characters.</summary>
    [Required]
    public string Text { get; init; } = null!;
}

/// <summary>From where and how a new run is to go on.</summary>
internal sealed record ForkSubmission
{
    /// <summary>The last turn to keep: from 0 (the goal alone) to the run's turns; all of them by default.</summary>
    public int? Turn { get; init; }

    /// <summary>What the model is told in place of the agent's instructions; at most 128 KiB. By default the same.</summary>
    public string? Instructions { get; init; }

    /// <summary>The model's name; by default the same.</summary>
    public string? Model { get; init; }

    /// <summary>The names of exactly the tools that the new run gets; by default the same.</summary>
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>What is said to the new run at once; at most 32,768 characters.</summary>
    public string? Message { get; init; }

    /// <summary>What the new run may spend; by default what is left of the run's budget.</summary>
    public BudgetResource? Budget { get; init; }

    public ForkRequest ToRequest() => new()
    {
        Turn = Turn,
        Instructions = Instructions,
        Model = Model,
        Tools = Tools,
        Message = Message,
        Budget = Budget?.ToBudget(),
    };
}
