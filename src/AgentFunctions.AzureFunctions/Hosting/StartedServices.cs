using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>
/// What the library does once a host has started. A function app has no engine before the Functions host calls it, so a
/// timer trigger does it with the first call that comes.
/// </summary>
internal sealed class StartedServices(IEnumerable<StartedService> services, IServiceProvider provider)
{
    private readonly ConcurrentDictionary<Type, bool> _done = new();

    /// <summary>Moves the library's own services of that kind out of the host's list.</summary>
    public static void Take(IServiceCollection services)
    {
        ServiceDescriptor[] own =
        [
            .. services.Where(static service => service.ServiceType == typeof(IHostedService)
                && service.ImplementationType is { } type && type.Assembly == typeof(AgentException).Assembly
                && type.IsAssignableTo(typeof(IHostedLifecycleService))),
        ];
        foreach (ServiceDescriptor service in own)
        {
            services.Remove(service);
            services.AddSingleton(service.ImplementationType!);
            services.AddSingleton(new StartedService(service.ImplementationType!));
        }
    }

    /// <summary>Does what has not been done in this process; what fails is done at the next call.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (StartedService service in services.Where(service => !_done.ContainsKey(service.Type)))
        {
            await ((IHostedLifecycleService)provider.GetRequiredService(service.Type)).StartedAsync(cancellationToken);
            _done[service.Type] = true;
        }
    }
}

/// <summary>A service that acts once its host has started.</summary>
/// <param name="Type">The service.</param>
internal sealed record StartedService(Type Type);
