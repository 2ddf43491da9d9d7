using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore;

/// <summary>What comes before all of the app's own pipeline: the check of where it listens, and words for what routing refuses.</summary>
internal sealed class ApiPipeline(IServer server, IOptions<ApiOptions> options, AppAuthentication authentication, RoutingProblems routing)
    : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        // Schemes are known from the start, so this does not wait.
        bool appAuthenticates = authentication.IsConfiguredAsync().AsTask().GetAwaiter().GetResult();
        ListenCheck.Demand(server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [], options.Value, appAuthenticates);
        app.Use(routing.InvokeAsync);
        next(app);
    };

    /// <summary>Errors as problem details, for a pipeline that is the runtime's alone.</summary>
    public static void Guard(IApplicationBuilder app) =>
        app.Use(app.ApplicationServices.GetRequiredService<ProblemMiddleware>().InvokeAsync);
}
