using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.KillSwitch;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The kill switch.</summary>
internal static class KillEndpoints
{
    public static void MapKill(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder kill = api.MapGroup("/kill").WithTags("Kill switch");
        kill.MapGet("", ListAsync)
            .WithName("listKillOrders")
            .WithSummary("What is stopped now.")
            .Produces<KillListResource>()
            .ProducesProblems(401, 403, 503);
        kill.MapPost("", EngageAsync)
            .WithName("engageKillSwitch")
            .WithSummary("Stop a run, an agent, a label, a tool or everything, at once and until it is released.")
            .WithQuery<bool>("dryRun", "`true` says what would be stopped, and stops nothing.")
            .Accepts<KillSubmission>("application/json")
            .Produces<KillReport>()
            .ProducesProblems(400, 401, 403, 415, 503);
        kill.MapPost("/release", ReleaseAsync)
            .WithName("releaseKillSwitch")
            .WithSummary("Release the kill switch: new runs and calls are possible again.")
            .Accepts<KillSubmission>("application/json")
            .Produces<KillListResource>()
            .ProducesProblems(400, 401, 403, 415, 503);
    }

    private static async Task<IResult> ListAsync(HttpContext http, KillOrders kills, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Operator, CallerRoles.Viewer, CallerRoles.Auditor);
        return Answers.Json(new KillListResource(await kills.ListAsync(cancellationToken)));
    }

    private static async Task<IResult> EngageAsync(HttpContext http, KillOrders kills, CancellationToken cancellationToken)
    {
        Caller caller = http.Ensure(CallerRoles.Operator);
        KillSubmission order = await ReadAsync(http, cancellationToken);
        if (http.Request.Query.Flag("dryRun", false))
        {
            return Answers.Json(await kills.PlanAsync(order.Scope, order.Name ?? "", caller, order.Reason, cancellationToken));
        }

        return Answers.Json(await kills.EngageAsync(order.Scope, order.Name ?? "", caller, order.Reason, cancellationToken));
    }

    private static async Task<IResult> ReleaseAsync(HttpContext http, KillOrders kills, CancellationToken cancellationToken)
    {
        Caller caller = http.Ensure(CallerRoles.Operator);
        KillSubmission order = await ReadAsync(http, cancellationToken);
        await kills.ReleaseAsync(order.Scope, order.Name ?? "", caller, cancellationToken);
        return Answers.Json(new KillListResource(await kills.ListAsync(cancellationToken)));
    }

    private static async Task<KillSubmission> ReadAsync(HttpContext http, CancellationToken cancellationToken)
    {
        KillSubmission order = await http.Request.ReadJsonAsync<KillSubmission>(cancellationToken);
        return order.Reason is { Length: > 1000 }
            ? throw new AgentException(ErrorCode.InvalidInput, "reason: use at most 1,000 characters.")
            : order;
    }
}
