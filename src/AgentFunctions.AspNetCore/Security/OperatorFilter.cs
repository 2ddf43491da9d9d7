using AgentFunctions.Gateway;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>Before the routes of what belongs to the whole host: operators change it, and whoever sees all runs sees it.</summary>
internal sealed class OperatorFilter : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
        {
            http.Demand(CallerRoles.Viewer, CallerRoles.Operator, CallerRoles.Auditor);
        }
        else
        {
            http.Demand(CallerRoles.Operator);
        }

        return next(context);
    }
}
