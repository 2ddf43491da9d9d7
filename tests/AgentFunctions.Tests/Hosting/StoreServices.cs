using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AgentFunctions.Tests.Hosting;

/// <summary>Puts something before the stores of a host.</summary>
internal static class StoreServices
{
    /// <summary>Replaces a store by one that has it.</summary>
    /// <typeparam name="T">The kind of store.</typeparam>
    /// <param name="services">The host's services.</param>
    /// <param name="before">Makes the other one.</param>
    public static void Wrap<T>(this IServiceCollection services, Func<T, T> before)
        where T : class
    {
        ServiceDescriptor inner = services.Last(static service => service.ServiceType == typeof(T));
        services.Replace(ServiceDescriptor.Singleton(provider => before((T)(
            inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)))));
    }
}
