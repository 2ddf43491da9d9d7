using AgentFunctions.Gateway.Access;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Before every route of a run: what the caller's present roles let it do with the run. Routes that stop a run carry
/// <see cref="RunAct.Stop"/> as metadata; every other route that is no reading steers it.
/// </summary>
internal sealed class RunAccessFilter(RunAccess access) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        Caller caller = http.Caller();
        RunAct act = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)
            ? RunAct.See
            : http.GetEndpoint()?.Metadata.GetMetadata<RunActMetadata>()?.Act ?? RunAct.Steer;
        if (http.Request.RouteValues["id"] is not string id)
        {
            if (act != RunAct.See)
            {
                http.Ensure(CallerRoles.Submitter, CallerRoles.Operator);
            }
        }
        else
        {
            await access.EnsureAsync(caller, id, act, http.RequestAborted);
        }

        return await next(context);
    }

    /// <summary>Whether a caller sees the runs of others.</summary>
    public static bool SeesAll(Caller caller) => RunAccess.SeesAll(caller);
}

/// <summary>What a route does with a run.</summary>
/// <param name="Act">The act.</param>
internal sealed record RunActMetadata(RunAct Act);
