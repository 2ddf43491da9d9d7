using AgentFunctions.AspNetCore.Dashboard;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore;

/// <summary>
/// Serves the API within a request that another server has already routed, for example an invocation of a function. It has the
/// guard, the routes and the problem details of <c>MapAgentFunctions</c>, and, after <c>AddAgentFunctionsDoors</c>, those of
/// <c>MapDoors</c>.
/// </summary>
public sealed class ApiHandler
{
    private readonly RequestDelegate _pipeline;

    internal ApiHandler(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        app.Use(services.GetRequiredService<ProblemMiddleware>().InvokeAsync);
        app.Use(services.GetRequiredService<RootRedirect>().InvokeAsync);
        app.UseRouting();
        app.UseEndpoints(endpoints =>
        {
            endpoints.MapAgentFunctions();
            if (services.GetService<RunProjection>() is not null)
            {
                endpoints.MapDoors();
            }
        });
        _pipeline = app.Build();
    }

    /// <summary>Serves a request. The route that the other server matched is forgotten.</summary>
    /// <param name="context">The request.</param>
    public Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.SetEndpoint(null);
        context.Request.RouteValues.Clear();
        return _pipeline(context);
    }
}
