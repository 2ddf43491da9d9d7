using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>Puts the guard, and errors as problem details around it, into each endpoint of a group.</summary>
internal static class GuardConvention
{
    public static void Guard(this IEndpointConventionBuilder group) => group.Finally(static endpoint =>
    {
        if (endpoint.ApplicationServices.GetRequiredService<OriginRules>().Any)
        {
            foreach (IHttpMethodMetadata methods in endpoint.Metadata.OfType<IHttpMethodMetadata>())
            {
                methods.AcceptCorsPreflight = true;
            }
        }

        EndpointAccess access = endpoint.Metadata.OfType<RuntimeEndpoint>().Last().Access;
        RequestDelegate handler = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = context =>
        {
            RequestGuard guard = context.RequestServices.GetRequiredService<RequestGuard>();
            return context.RequestServices.GetRequiredService<ProblemMiddleware>()
                .InvokeAsync(context, inner => guard.InvokeAsync(inner, access, handler));
        };
    });
}
