using AgentFunctions.Agents;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Represents how an agent is made durable: what it is, and which way its model is called.</summary>
internal sealed record AgentPlan
{
    /// <summary>Gets the name of the durable agent.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the agent with all its decorators.</summary>
    public required AIAgent Agent { get; init; }

    /// <summary>Gets the agent within.</summary>
    public required ChatClientAgent Inner { get; init; }

    /// <summary>Gets the options of the agent within.</summary>
    public required ChatClientAgentOptions Options { get; init; }

    /// <summary>Gets what the runs of the agent are pinned to.</summary>
    public required AgentDefinition Definition { get; init; }

    /// <summary>Gets the tools that the provider of the model calls itself.</summary>
    public IReadOnlyList<AITool> HostedTools { get; init; } = [];

    /// <summary>Gets the providers that the package itself asks, once a message of a person.</summary>
    public IReadOnlyList<AIContextProvider> Providers { get; init; } = [];

    /// <summary>Gets the provider that answers are mirrored to; <see langword="null"/> for none.</summary>
    public ChatHistoryProvider? Mirror { get; init; }

    /// <summary>Gets whether model calls go through the decorators, because one of them stands around runs.</summary>
    public bool ThroughDecorators { get; init; }

    /// <summary>Gets whether middleware stands around calls of functions.</summary>
    public bool HasFunctionMiddleware { get; init; }

    /// <summary>Gets what differs from the agent as it was, in words.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Gets the name that stands for all tools of the agent.</summary>
    public string Group => GroupOf(Name);

    /// <summary>Gets the name of the model of the agent.</summary>
    public string Model => ModelOf(Name);

    /// <summary>Gets the name of the model of an agent.</summary>
    public static string ModelOf(string name) => $"agent-framework.{name}";

    /// <summary>Gets the name that stands for all tools of an agent.</summary>
    public static string GroupOf(string name) => $"agent-framework__{name}";
}
