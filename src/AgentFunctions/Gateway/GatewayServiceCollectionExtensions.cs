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
            .Configure(options => configuration.GetSection(GatewayOptions.Section).BindStrictly(options))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>());
        services.TryAddSingleton<GoalRouter>();
        services.TryAddSingleton<AccessRules>();
        services.TryAddSingleton<QuotaMeter>();
        services.TryAddSingleton<RunQueue>();
        services.TryAddSingleton<AgentGateway>();
        services.AddHostedService<QueueSweeper>();
    }
}
