using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.AspNetCore.Dashboard;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.AspNetCore.Security.Oidc;
using AgentFunctions.Gateway.Exports;
using AgentFunctions.Notifications;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the HTTP API to a host.</summary>
public static class AgentFunctionsApiServiceCollectionExtensions
{
    /// <summary>
    /// Adds the services that <c>MapAgentFunctions</c> needs. Guard and problem details belong to the endpoints mapped there;
    /// other endpoints of the host are left alone.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Changes options after the configuration section <c>Api</c> was read.</param>
    public static IServiceCollection AddAgentFunctionsApi(this IServiceCollection services, Action<ApiOptions>? configure = null)
    {
        services.AddApi(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, ApiPipeline>());
        return services;
    }

    /// <summary>
    /// Adds <see cref="ApiHandler"/>, which serves the API within requests of another server, instead of a place in the pipeline
    /// of the host.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Changes options after the configuration section <c>Api</c> was read.</param>
    public static IServiceCollection AddAgentFunctionsApiHandler(this IServiceCollection services,
        Action<ApiOptions>? configure = null)
    {
        services.AddApi(configure);
        // Where the other server listens is not known here.
        services.PostConfigure<ApiOptions>(static options => options.Dashboard.AssetsFolder = null);
        services.TryAddSingleton(static provider => new ApiHandler(provider));
        return services;
    }

    private static void AddApi(this IServiceCollection services, Action<ApiOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<ApiOptions>()
            .BindConfiguration(ApiOptions.Section)
            .Configure(options => configure?.Invoke(options))
            .Configure<IServiceProvider>(static (options, provider) => options.Export = provider.GetService<ExportedRun>())
            .ValidateAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ApiOptions>, OidcOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ApiOptions>, ApiOptionsValidator>());
        services.TryAddSingleton<PublicAddress>();
        services.AddRoutingCore();
        services.AddGuard();
        services.TryAddSingleton<DashboardFiles>();
        services.TryAddSingleton<DashboardHeaders>();
        services.TryAddMade<RootRedirect>();
        services.TryAddMade<RunResources>();
        services.TryAddMade<WatchLooks>();
        services.TryAddMade<AgentResources>();
        services.AddOpenApi(ApiDocument.Name, ApiDocument.Configure);
    }

    private static void AddGuard(this IServiceCollection services)
    {
        services.TryAddMade<OidcCallers>();
        services.TryAddMade<UserCallers>();
        services.TryAddMade<AppAuthentication>();
        services.TryAddMade<CallerAuthentication>();
        services.TryAddMade<LocalPeer>();
        services.TryAddMade<ClientAddress>();
        services.TryAddMade<RequestRate>();
        services.TryAddMade<OpenStreams>();
        services.TryAddMade<OriginRules>();
        services.TryAddMade<RequestGuard>();
        services.TryAddMade<ProblemMiddleware>();
        services.TryAddMade<RoutingProblems>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, PreflightPolicy>());
    }

    /// <summary>
    /// Adds a service that needs what <c>AddAgentFunctions</c> adds, made in a way that the container does not check when it is
    /// built: <c>MapAgentFunctions</c> says which line is missing.
    /// </summary>
    internal static void TryAddMade<T>(this IServiceCollection services)
        where T : class => services.TryAddSingleton(static provider => ActivatorUtilities.CreateInstance<T>(provider));
}
