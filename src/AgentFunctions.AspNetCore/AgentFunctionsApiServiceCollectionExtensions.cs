using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.AspNetCore.Security.Oidc;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the HTTP API to a host.</summary>
public static class AgentFunctionsApiServiceCollectionExtensions
{
    /// <summary>
    /// Adds what <c>MapAgentFunctions</c> needs, and guards its paths (<c>/api</c>, <c>/health</c>, <c>/openapi</c>): who may
    /// call, and errors as problem details. Other paths of the host are left alone.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Changes options after the configuration section <c>Api</c> was read.</param>
    public static IServiceCollection AddAgentFunctionsApi(this IServiceCollection services, Action<ApiOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<ApiOptions>()
            .BindConfiguration(ApiOptions.Section)
            .Configure(options => configure?.Invoke(options))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ApiOptions>, OidcOptionsValidator>());
        services.TryAddSingleton<OidcCallers>();
        services.TryAddSingleton<CallerAuthentication>();
        services.TryAddSingleton<RequestRate>();
        services.TryAddSingleton<RunResources>();
        services.TryAddSingleton<AgentResources>();
        // Each wraps the ones after it: errors of the guard become problem details too.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, ApiPipeline>());
        services.AddOpenApi(ApiDocument.Name, ApiDocument.Configure);
        return services;
    }
}
