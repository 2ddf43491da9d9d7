using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask.Client;
using AgentFunctions.Governance.Redaction;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.DurableTask;

/// <summary>Adds the agent runtime to a Durable Task worker.</summary>
public static class DurableTaskWorkerExtensions
{
    /// <summary>
    /// Adds the orchestrators and activities of <c>services.AddAgentFunctions(...)</c> to the worker, and Durable Task as the
    /// engine of the host. The host also adds a client (<c>services.AddDurableTaskClient(...)</c>) and stores: those of Azure
    /// Storage, or on one machine those of the SQLite engine.
    /// </summary>
    /// <param name="builder">The worker.</param>
    public static IDurableTaskWorkerBuilder AddAgentFunctions(this IDurableTaskWorkerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton(static provider => new DurableTaskClientAccessor { Client = provider.GetRequiredService<DurableTaskClient>() });
        builder.Services.AddDurableTaskEngine();
        builder.Services.AddOptions<DurableTaskRegistry>(builder.Name).Configure<IServiceProvider>(Register);
        return builder;
    }

    /// <summary>
    /// Adds Durable Task as the engine of the host: the client, and what runs orchestrators and activities. For hosts that call
    /// <see cref="DurableTaskRunner"/> themselves, such as Functions.
    /// </summary>
    /// <param name="services">
    /// The services; a <see cref="DurableTaskClientAccessor"/> is made without a client if there is none.
    /// </param>
    public static IServiceCollection AddDurableTaskEngine(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DurableRegistry>();
        services.AddOptions<DurableTaskEngineOptions>().Validate(
            static options => options.StepTimeout is not { } timeout || timeout > TimeSpan.Zero,
            "StepTimeout: use a time above zero, or null.");
        services.TryAddSingleton<DurableTaskClientAccessor>();
        services.TryAddSingleton<DurableTaskRunner>();
        services.TryAddSingleton<DurableTaskOrchestrationClient>();
        // The stores may come with an engine of their own, whose place this one takes.
        services.RemoveAll<IOrchestrationClient>();
        services.AddSingleton(static provider => provider.Redacted(provider.GetRequiredService<DurableTaskOrchestrationClient>()));
        return services;
    }

    /// <summary>By the registry, which the services hold; it is complete when the worker is made.</summary>
    private static void Register(DurableTaskRegistry tasks, IServiceProvider provider)
    {
        DurableRegistry registry = provider.GetRequiredService<DurableRegistry>();
        DurableTaskRunner runner = provider.GetRequiredService<DurableTaskRunner>();
        CancellationToken stopping = provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping
            ?? CancellationToken.None;
        foreach (string name in registry.Orchestrators.Keys)
        {
            tasks.AddOrchestratorFunc<JsonElement?, JsonElement?>(name, (context, _) => runner.OrchestrateAsync(context));
        }

        foreach (string name in registry.Activities.Keys)
        {
            tasks.AddActivityFunc<JsonElement?, JsonElement?>(
                name, (context, input) => runner.RunActivityAsync(context.InstanceId, name, input, stopping));
        }
    }
}
