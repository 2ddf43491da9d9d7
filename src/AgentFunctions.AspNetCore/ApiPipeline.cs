using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore;

/// <summary>Puts errors and the guard in front of this library's paths, before any routing.</summary>
internal sealed class ApiPipeline(IServer server, IOptions<ApiOptions> options) : IStartupFilter
{
    private static readonly PathString[] Paths = ["/api", "/health", "/openapi"];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        ListenCheck.Demand(server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [], options.Value);
        app.UseWhen(
            static context => Paths.Any(path => context.Request.Path.StartsWithSegments(path)),
            static branch => Guard(branch));
        next(app);
    };

    /// <summary>Errors as problem details, and within them who may call.</summary>
    public static void Guard(IApplicationBuilder app) => app.UseMiddleware<ProblemMiddleware>().UseMiddleware<GuardMiddleware>();
}
