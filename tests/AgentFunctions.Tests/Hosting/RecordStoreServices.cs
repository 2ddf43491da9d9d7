using AgentFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AgentFunctions.Tests.Hosting;

/// <summary>Puts something before a host's record store.</summary>
internal static class RecordStoreServices
{
    /// <summary>Replaces the record store by one that has it.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="before">Makes the other one.</param>
    public static void WrapRecords(this IServiceCollection services, Func<IRecordStore, IRecordStore> before)
    {
        ServiceDescriptor inner = services.Last(static service => service.ServiceType == typeof(IRecordStore));
        services.Replace(ServiceDescriptor.Singleton(provider => before((IRecordStore)(
            inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)))));
    }
}
