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

    private static async Task<IResult> SetAsync(string name, HttpContext http, LegalHolds holds,
        CancellationToken cancellationToken)
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

    private static async Task<IResult> LiftAsync(string name, HttpContext http, LegalHolds holds,
        CancellationToken cancellationToken) =>
        Answers.Json(await holds.LiftAsync(name, http.Ensure(CallerRoles.Auditor), cancellationToken));
}
