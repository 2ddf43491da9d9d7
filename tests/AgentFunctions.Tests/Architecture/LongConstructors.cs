using System.Reflection;
using AgentFunctions.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Architecture;

/// <summary>What the services of a whole host ask the container for.</summary>
internal static class LongConstructors
{
    /// <summary>The services whose constructors take more than so many parameters.</summary>
    /// <param name="most">The most that none is listed for.</param>
    public static IEnumerable<string> All(int most) => Services().Where(service => service.Parameters > most)
        .Select(static service => $"{service.Type.FullName} {service.Parameters}");

    public static string Longest()
    {
        (Type type, int parameters) = Services().MaxBy(static service => service.Parameters);
        return $"{parameters} ({type.Name})";
    }

    private static IEnumerable<(Type Type, int Parameters)> Services()
    {
        var services = new ServiceCollection();
        services.AddAgentFunctions(new ConfigurationBuilder().Build()).AddOpenAIModels(new ConfigurationBuilder().Build())
            .AddMcpServers().AddMonitors();
        services.AddSqliteEngine();
        services.AddAgentFunctionsApi();
        return services.Where(static service => !service.IsKeyedService)
            .Select(static service => service.ImplementationType ?? service.ImplementationInstance?.GetType()
                ?? service.ServiceType)
            .Where(static type => type is { IsClass: true, IsAbstract: false }
                && type.Assembly.GetName().Name!.StartsWith("AgentFunctions", StringComparison.Ordinal))
            .Distinct()
            .Select(static type => (type,
                type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Select(static constructor => constructor.GetParameters().Length).DefaultIfEmpty(0).Max()));
    }
}
