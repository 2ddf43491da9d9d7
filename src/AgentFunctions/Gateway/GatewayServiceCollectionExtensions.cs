using AgentFunctions;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Gateway.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the way in.</summary>
internal static class GatewayServiceCollectionExtensions
{
    public static void AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GatewayOptions>()
            .Configure(options => Bind(configuration.GetSection(GatewayOptions.Section), options))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>());
        services.TryAddSingleton<GoalRouter>();
        services.TryAddSingleton<AccessRules>();
        services.TryAddSingleton<QuotaMeter>();
        services.TryAddSingleton<RunQueue>();
        services.TryAddSingleton<AgentGateway>();
        services.AddHostedService<QueueSweeper>();
    }

    /// <summary>A quota with a misspelt limit would be none: what nobody knows stops the start.</summary>
    private static void Bind(IConfigurationSection section, GatewayOptions options)
    {
        try
        {
            section.Bind(options, static binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{GatewayOptions.Section}: {e.InnerException?.Message ?? e.Message}", e);
        }
    }
}
