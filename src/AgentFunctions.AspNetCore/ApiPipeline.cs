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
        if (appAuthenticates)
        {
            DemandNamesApart(options.Value);
        }

        app.Use(routing.InvokeAsync);
        next(app);
    };

    /// <summary>Errors as problem details, for a pipeline that is the runtime's alone.</summary>
    public static void Guard(IApplicationBuilder app) =>
        app.Use(app.ApplicationServices.GetRequiredService<ProblemMiddleware>().InvokeAsync);

    /// <summary>The app's users and those of an issuer may have equal names, but never one id.</summary>
    private static void DemandNamesApart(ApiOptions options)
    {
        if (options.CallerMapping is null && options.Oidc.Any(issuer => issuer.Name == options.Users.Name))
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"Api:Users:Name: '{options.Users.Name}' begins the ids of an issuer's callers too; use another name here or in Api:Oidc.");
        }
    }
}
