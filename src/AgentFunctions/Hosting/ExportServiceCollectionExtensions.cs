using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Gateway.Exports;
using AgentFunctions.Gateway.Jobs;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Gateway.Retention;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;
using AgentFunctions.Runs;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what writes and shows exported runs.</summary>
public static class ExportServiceCollectionExtensions
{
    /// <summary>What would change the runs that are shown, or judge a log of which only a part is there.</summary>
    private static readonly Type[] s_unwanted = [typeof(RetentionSweeper), typeof(QueueSweeper), typeof(AuditCheck)];

    /// <summary>
    /// Makes a host show an exported run and change nothing. Add it after the engine, which needs a data file of its own.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="exported">The file.</param>
    public static IServiceCollection AddExportedRun(this IServiceCollection services, ExportedRun exported)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(exported);
        foreach (ServiceDescriptor service in services.Where(static service => service.ServiceType == typeof(IHostedService)
            && s_unwanted.Contains(service.ImplementationType)).ToArray())
        {
            services.Remove(service);
        }

        ServiceDescriptor engine = services.Last(static service => service.ServiceType == typeof(IOrchestrationClient));
        services.Replace(ServiceDescriptor.Singleton<IOrchestrationClient>(provider =>
            new ExportedOrchestrations((IOrchestrationClient)engine.ImplementationFactory!(provider), exported)));
        services.AddSingleton(exported);
        services.AddHostedService<ExportedRunStart>();
        return services;
    }

    internal static void AddExports(this IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new RunActs(
            provider.GetRequiredService<RunAccess>(), provider.GetRequiredService<RunSteering>(),
            provider.GetRequiredService<RunErasure>()));
        services.TryAddSingleton(static provider => new RunJobs(
            provider.GetRequiredService<IOrchestrationClient>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ExportSources>();
        services.TryAddSingleton(static provider => new RunExports(
            provider.GetRequiredService<RunStore>(), provider.GetRequiredService<ExportSources>(),
            provider.GetRequiredService<AuditLog>(),
            provider.GetRequiredKeyedService<SigningKeys>(AuditLog.KeyPurpose), provider.GetRequiredService<Redactor>(),
            provider.GetRequiredService<TimeProvider>()));
    }
}
