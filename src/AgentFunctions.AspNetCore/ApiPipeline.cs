using AgentFunctions.AspNetCore.Dashboard;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Notifications;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore;

/// <summary>
/// What comes before all of the app's own pipeline: the check of where it listens, and words for what routing refuses.
/// </summary>
internal sealed class ApiPipeline(
    IServer server, IOptions<ApiOptions> options, AppAuthentication authentication, RoutingProblems routing,
    RootRedirect dashboard,
    PublicAddress address)
    : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        // Schemes are known from the start, so this does not wait.
        bool appAuthenticates = authentication.IsConfiguredAsync().AsTask().GetAwaiter().GetResult();
        ICollection<string> addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        ListenCheck.Ensure(addresses, options.Value, appAuthenticates);
        if (options.Value.Dashboard.AssetsFolder is not null)
        {
            ListenCheck.EnsureLocal(
                addresses, "Api:Dashboard:AssetsFolder is for work on the dashboard; remove it, or listen on http://127.0.0.1.");
        }

        if (appAuthenticates)
        {
            EnsureNamesApart(options.Value);
        }

        address.Base = options.Value.PublicUrl;
        app.Use(CallerTrace.InvokeAsync);
        app.Use(routing.InvokeAsync);
        app.Use(dashboard.InvokeAsync);
        next(app);
    };

    /// <summary>The app's users and those of an issuer may have equal names, but never one id.</summary>
    private static void EnsureNamesApart(ApiOptions options)
    {
        if (options.CallerMapping is null && CallerIds.FindIssuer(options, options.Users.Name) is { } issuer)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"Api:Users:Name and {issuer}:Name are both '{options.Users.Name}', so that a user of the app and a caller of the issuer could have one id; "
                + "set another name in one of them.");
        }

        if (options.CallerMapping is null && options.TrustFunctionsPrincipal && CallerIds.IsPrincipals(options.Users.Name))
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"Api:Users:Name and Api:TrustFunctionsPrincipal: the ids of both begin with '{options.Users.Name}', so that a user of the app and one of Azure's "
                + "authentication could have one id; set another name in Api:Users:Name, or trust one of the two.");
        }
    }
}
