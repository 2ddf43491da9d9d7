using AgentFunctions.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the ports of the runtime: for adapters of engines and stores.</summary>
public static class PortServiceCollectionExtensions
{
    /// <summary>
    /// Adds a port as a singleton, unless the host has one of its own: like <c>TryAddSingleton</c>, before or after
    /// <c>AddAgentFunctions</c>.
    /// </summary>
    /// <typeparam name="TPort">The port, such as <c>IRecordStore</c>.</typeparam>
    /// <param name="services">The host's services.</param>
    /// <param name="make">Makes the port.</param>
    public static IServiceCollection TryAddPort<TPort>(this IServiceCollection services, Func<IServiceProvider, TPort> make)
        where TPort : class
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(make);
        if (services.FirstOrDefault(static service => service.ServiceType == typeof(TPort)
            && MissingPorts.IsPlaceholder(service)) is { } placeholder)
        {
            services.Remove(placeholder);
        }

        services.TryAddSingleton(make);
        return services;
    }
}
