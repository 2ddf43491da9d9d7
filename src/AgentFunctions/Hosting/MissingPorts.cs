using AgentFunctions.Durability;
using AgentFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AgentFunctions.Hosting;

/// <summary>
/// Reports the ports of the runtime that a host has not registered. Placeholders take their place, so that the error at start
/// names the missing line even if the container validates all services first.
/// </summary>
public sealed class MissingPorts
{
    private static readonly Type[] Ports = [typeof(IOrchestrationClient), typeof(ILogStore), typeof(IRecordStore),
        typeof(IBlobStore)];

    private readonly IServiceCollection _services;

    private MissingPorts(IServiceCollection services) => _services = services;

    /// <summary>Gets the lines that are missing; empty if none is.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            Type[] missing = [.. Ports.Where(port => _services.LastOrDefault(service => service.ServiceType == port) is { } last
                && IsPlaceholder(last))];
            return [.. missing.Select(LineOf).Distinct().Take(missing.Contains(typeof(IOrchestrationClient)) ? 1 : int.MaxValue)];
        }
    }

    /// <summary>Adds a placeholder for each port that is not registered yet.</summary>
    /// <param name="services">The host's services.</param>
    internal static void AddTo(IServiceCollection services)
    {
        services.TryAddSingleton(new MissingPorts(services));
        AddTo<IOrchestrationClient>(services);
        AddTo<ILogStore>(services);
        AddTo<IRecordStore>(services);
        AddTo<IBlobStore>(services);
    }

    /// <summary>Determines whether a registration is a placeholder.</summary>
    /// <param name="service">The registration.</param>
    internal static bool IsPlaceholder(ServiceDescriptor service) =>
        service is { IsKeyedService: false, ImplementationFactory.Target: Placeholder };

    private static void AddTo<T>(IServiceCollection services)
        where T : class => services.TryAddSingleton<T>(new Placeholder(typeof(T)).Throw<T>);

    private static string LineOf(Type port) => port == typeof(IOrchestrationClient)
        ? "an engine, such as builder.Services.AddSqliteEngine(options => options.DataFile = \"agents.db\") of AgentFunctions.Sqlite"
        : "stores, such as builder.Services.AddAzureStorageStores(builder.Configuration) of AgentFunctions.AzureStorage";

    private sealed class Placeholder(Type port)
    {
        public T Throw<T>(IServiceProvider services)
            where T : class => throw new AgentException(
                ErrorCode.InvalidInput,
                $"This host has no {port.Name}: add {string.Join("; and ", services.GetRequiredService<MissingPorts>().Lines)}, before it is built.");
    }
}
