using AgentFunctions;
using AgentFunctions.AgentFramework;
using AgentFunctions.AgentFramework.AIAgents;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.AgentFramework.Opaque;
using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Models;
using AgentFunctions.Records;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds agents of Agent Framework to a host.</summary>
public static class AgentFrameworkServiceCollectionExtensions
{
    /// <summary>
    /// Adds an agent of Agent Framework as an agent of durable runs: each call of its model and each call of a function is a
    /// recorded step.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="agent">The agent, as its team built it.</param>
    /// <param name="configure">Sets the effects of the tools and the like; <see langword="null"/> for the defaults.</param>
    /// <exception cref="AgentFunctions.AgentException">
    /// <see cref="AgentFunctions.ErrorCode.InvalidInput"/>: something of the agent cannot be kept; the message has the remedy.
    /// </exception>
    public static IServiceCollection AddDurableAgent(
        this IServiceCollection services, AIAgent agent, Action<DurableAgentOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(agent);
        DurableAgentOptions options = OptionsOf(configure);
        AgentPlanner.Plan(agent, options);
        return services.AddEntry(new DurableAgentEntry(_ => agent, options));
    }

    /// <summary>
    /// Adds an agent of Agent Framework that is made from the host's services; see the other overload. What cannot be kept stops
    /// the start.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="agent">Makes the agent, once.</param>
    /// <param name="configure">Sets the effects of the tools and the like; <see langword="null"/> for the defaults.</param>
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
    /// <param name="configure">Sets the effects of the tools and the like; <see langword="null"/> for the defaults.</param>
    public static IServiceCollection AddDurableAgent(
        this IServiceCollection services, string key, Action<DurableAgentOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        return services.AddDurableAgent(provider => provider.GetRequiredKeyedService<AIAgent>(key), configure);
    }

    /// <summary>
    /// Adds an agent whose model and tools cannot be inspected, such as one of another service: each of its turns is one recorded
    /// step, for which ledger, policy, approvals and audit hold as a whole. The calls that it makes within a turn are not seen.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="effect">What a turn does to the world: a turn that a crash cut off is repeated only if that is safe.</param>
    /// <param name="configure">Sets name and limits; <see langword="null"/> for the defaults.</param>
    public static IServiceCollection AddOpaqueAgent(
        this IServiceCollection services, AIAgent agent, ToolEffect effect, Action<OpaqueAgentOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(agent);
        return services.AddOpaqueAgent(_ => agent, effect, configure);
    }

    /// <summary>Adds an opaque agent that is made from the host's services; see the other overload.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="agent">Makes the agent, once.</param>
    /// <param name="effect">What a turn does to the world.</param>
    /// <param name="configure">Sets name and limits; <see langword="null"/> for the defaults.</param>
    public static IServiceCollection AddOpaqueAgent(
        this IServiceCollection services, Func<IServiceProvider, AIAgent> agent, ToolEffect effect,
        Action<OpaqueAgentOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(agent);
        var options = new OpaqueAgentOptions();
        configure?.Invoke(options);
        var opaque = new OpaqueAgent(agent, effect, options);
        services.AddSingleton(opaque);
        services.AddSingleton(provider => opaque.Of(provider).Definition);
        services.AddAgentModel(provider => DriverOf(provider, opaque.Of(provider)));
        services.TryAddSingleton<HostNotices>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IToolSource, OpaqueTools>());
        return services.AddAgentCatalog();
    }

    /// <summary>
    /// Offers the agents of the host to code of Agent Framework: each is an <see cref="AIAgent"/> by the key of its name, unless
    /// the host has registered one by that key. A session of it is one run.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">
    /// Sets on whose behalf runs are submitted and the like; <see langword="null"/> for the defaults.
    /// </param>
    public static IServiceCollection AddAgentFunctionsAsAIAgents(
        this IServiceCollection services, Action<AIAgentOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new AIAgentOptions();
        configure?.Invoke(options);
        services.TryAddSingleton(static provider => new RunAccess(
            provider.GetRequiredService<AgentGateway>(), provider.GetRequiredService<RunSteering>(),
            provider.GetRequiredService<RunReader>(),
            new RunRecordsOfSteps(
                provider.GetRequiredService<Journal>(), provider.GetRequiredService<Transcript>(),
                provider.GetRequiredService<CallResults>(), provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<LiveFeed>(), provider.GetRequiredService<ApprovalService>(),
            provider.GetRequiredService<ClientCalls>()));
        services.TryAddKeyedSingleton<AIAgent>(KeyedService.AnyKey, (provider, key) =>
        {
            AgentDefinition agent = provider.GetRequiredService<AgentCatalog>().Resolve(key?.ToString() ?? "");
            return new DurableAIAgent(
                agent.Name, agent.Description, provider.GetRequiredService<RunAccess>(), options,
                provider.GetRequiredService<ILogger<DurableAIAgent>>())
            {
                HasSchema = agent.OutputSchema is not null,
            };
        });
        return services;
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
        services.TryAddSingleton<HostNotices>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IToolSource, AgentTools>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, DurableAgentStart>());
        return services.AddAgentCatalog();
    }

    private static ModelBinding DriverOf(IServiceProvider provider, OpaquePlan plan) => new(
        plan.Definition.Model!, "driver", new ModelProfile { Provider = "agent-framework", Streaming = false },
        new TurnDriver(
            plan, new OpaqueTurns(plan, provider.GetRequiredService<IRecordStore>()),
            provider.GetRequiredService<HostNotices>(), provider.GetRequiredService<Journal>()))
    {
        IsOfOneAgent = true,
    };

    private static ModelBinding ModelOf(IServiceProvider provider, DurableAgent agent) => new(
        agent.Plan.Model,
        agent.Plan.Options.ChatOptions?.ModelId
            ?? agent.Plan.Inner.ChatClient.GetService<ChatClientMetadata>()?.DefaultModelId
            ?? agent.Plan.Name,
        agent.Options.Model,
        new StepChatClient(agent, provider.GetRequiredService<AgentSessions>(), provider.GetRequiredService<ContextProviders>()))
    {
        IsOfOneAgent = true,
    };
}
