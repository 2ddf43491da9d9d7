using AgentFunctions.AgentFramework;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Models;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds agents of Agent Framework to a host.</summary>
public static class AgentFrameworkServiceCollectionExtensions
{
    /// <summary>
    /// Adds an agent of Agent Framework as an agent of durable runs: each call of its model and each call of a function is a recorded step.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="agent">The agent, as its team made it.</param>
    /// <param name="configure">Says what the tools do, and the like; the defaults when left out.</param>
    /// <exception cref="AgentFunctions.AgentException">
    /// <see cref="AgentFunctions.ErrorCode.InvalidInput"/>: something of the agent cannot be kept; the message has the remedy.
    /// </exception>
    public static IServiceCollection AddDurableAgent(this IServiceCollection services, AIAgent agent, Action<DurableAgentOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(agent);
        DurableAgentOptions options = OptionsOf(configure);
        AgentPlanner.Plan(agent, options);
        return services.AddEntry(new DurableAgentEntry(_ => agent, options));
    }

    /// <summary>Adds an agent of Agent Framework that is made of the host's services; see the other overload. What cannot be kept stops the start.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="agent">Makes the agent, once.</param>
    /// <param name="configure">Says what the tools do, and the like; the defaults when left out.</param>
    public static IServiceCollection AddDurableAgent(
        this IServiceCollection services, Func<IServiceProvider, AIAgent> agent, Action<DurableAgentOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(agent);
        return services.AddEntry(new DurableAgentEntry(agent, OptionsOf(configure)));
    }

    /// <summary>Adds an agent that is registered with the host by a key; see the other overloads.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="key">The key of the agent.</param>
    /// <param name="configure">Says what the tools do, and the like; the defaults when left out.</param>
    public static IServiceCollection AddDurableAgent(this IServiceCollection services, string key, Action<DurableAgentOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        return services.AddDurableAgent(provider => provider.GetRequiredKeyedService<AIAgent>(key), configure);
    }

    private static DurableAgentOptions OptionsOf(Action<DurableAgentOptions>? configure)
    {
        var options = new DurableAgentOptions();
        configure?.Invoke(options);
        return options;
    }

    private static IServiceCollection AddEntry(this IServiceCollection services, DurableAgentEntry entry)
    {
        services.AddSingleton(entry);
        services.AddSingleton(provider => provider.GetRequiredService<DurableAgentSet>().Of(entry).Plan.Definition);
        services.AddAgentModel(provider => ModelOf(provider, provider.GetRequiredService<DurableAgentSet>().Of(entry)));
        services.TryAddSingleton<DurableAgentSet>();
        services.TryAddSingleton<AgentSessions>();
        services.TryAddSingleton<ContextProviders>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IToolSource, AgentTools>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, DurableAgentStart>());
        return services.AddAgentCatalog();
    }

    private static ModelBinding ModelOf(IServiceProvider provider, DurableAgent agent) => new(
        agent.Plan.Model,
        agent.Plan.Options.ChatOptions?.ModelId ?? agent.Plan.Inner.ChatClient.GetService<ChatClientMetadata>()?.DefaultModelId ?? agent.Plan.Name,
        agent.Options.Model,
        new StepChatClient(agent, provider.GetRequiredService<AgentSessions>(), provider.GetRequiredService<ContextProviders>()))
    {
        IsOfOneAgent = true,
    };
}
