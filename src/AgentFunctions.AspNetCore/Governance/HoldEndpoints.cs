using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway.Holds;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>Legal holds.</summary>
internal static class HoldEndpoints
{
    public static void MapHolds(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder holds = api.MapGroup("/holds").WithTags("Holds");
        holds.MapGet("", ListAsync)
            .WithName("listHolds")
            .WithSummary("The legal holds: what is neither erased on request nor by retention.")
            .Produces<HoldListResource>()
            .ProducesProblems(401, 403, 503);
        holds.MapPut("/{name}", SetAsync)
            .WithName("setHold")
            .WithSummary("Set a legal hold on a run, a label, an agent or a requester.")
            .WithDescription("What fits all that is named is kept, with its tree. A hold is not changed: it is lifted, by another person than who set it.")
            .Accepts<HoldSubmission>("application/json")
            .Produces<Hold>()
            .ProducesProblems(400, 401, 403, 409, 415, 503);
        holds.MapDelete("/{name}", LiftAsync)
            .WithName("liftHold")
            .WithSummary("Lift a legal hold that another person set.")
            .Produces<Hold>()
            .ProducesProblems(401, 403, 404, 409, 503);
    }

    private static async Task<IResult> ListAsync(HttpContext http, LegalHolds holds, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Auditor);
        return Answers.Json(new HoldListResource(await holds.ListAsync(cancellationToken)));
    }

    private static async Task<IResult> SetAsync(string name, HttpContext http, LegalHolds holds, CancellationToken cancellationToken)
    {
        Caller caller = http.Ensure(CallerRoles.Auditor);
        HoldSubmission submission = await http.Request.ReadJsonAsync<HoldSubmission>(cancellationToken);
        var hold = new Hold(name)
        {
            Run = submission.Run,
            Label = submission.Label,
            Agent = submission.Agent,
            Requester = submission.Requester,
            Reason = submission.Reason,
            Until = submission.Until,
        };
        return Answers.Json(await holds.SetAsync(hold, caller, cancellationToken));
    }

    private static async Task<IResult> LiftAsync(string name, HttpContext http, LegalHolds holds, CancellationToken cancellationToken) =>
        Answers.Json(await holds.LiftAsync(name, http.Ensure(CallerRoles.Auditor), cancellationToken));
}

/// <summary>What is to be kept.</summary>
internal sealed record HoldSubmission
{
    /// <summary>The run whose tree is kept; left out for any.</summary>
    public string? Run { get; init; }

    /// <summary>The label of the runs that are kept: a name, or <c>name=value</c>; left out for any.</summary>
    public string? Label { get; init; }

    /// <summary>The agent whose runs are kept; left out for any.</summary>
    public string? Agent { get; init; }

    /// <summary>Who asked for the runs that are kept; left out for anybody.</summary>
    public string? Requester { get; init; }

    /// <summary>Why; at most 1,000 characters.</summary>
    public required string Reason { get; init; }

    /// <summary>When it ends by itself; left out for never.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>The legal holds.</summary>
/// <param name="Items">The holds.</param>
internal sealed record HoldListResource(IReadOnlyList<Hold> Items);
