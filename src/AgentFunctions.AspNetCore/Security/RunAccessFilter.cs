using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Before every route of a run: callers see their own runs, those whose role says so see all, and to the others a run that is not
/// theirs does not exist.
/// </summary>
internal sealed class RunAccessFilter(RunStore runs) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        Caller caller = http.Caller();
        bool reads = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        if (http.Request.RouteValues["id"] is not string id)
        {
            if (!reads)
            {
                http.Demand(CallerRoles.Submitter, CallerRoles.Operator);
            }

            return await next(context);
        }

        RunRecord? run = await runs.FindAsync(id, http.RequestAborted);
        bool isOwn = run?.Requester == caller.Id;
        if (run is not null && !isOwn && !SeesAll(caller))
        {
            throw new AgentException(ErrorCode.RunNotFound, $"There is no run '{id}'.");
        }

        if (run is not null && !reads && !isOwn)
        {
            http.Demand(CallerRoles.Operator);
        }

        return await next(context);
    }

    /// <summary>Whether a caller sees the runs of others.</summary>
    public static bool SeesAll(Caller caller) =>
        caller.Has(CallerRoles.Viewer) || caller.Has(CallerRoles.Operator) || caller.Has(CallerRoles.Auditor) || caller.Has(CallerRoles.Admin);
}
