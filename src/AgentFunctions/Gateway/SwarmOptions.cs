using System.ComponentModel.DataAnnotations;
using AgentFunctions.Agents;
using AgentFunctions.Loop;

namespace AgentFunctions.Gateway;

/// <summary>Represents the limits of trees of sub-agents. A run keeps the limits that held when it was admitted.</summary>
public sealed class SwarmOptions
{
    /// <summary>Gets or sets the most sub-agents of a tree; by default 300. A run's own budget may set fewer.</summary>
    [Range(0, 100_000, ErrorMessage = "Swarm:MaxSubAgents: use 0 to 100,000.")]
    public int MaxSubAgents { get; set; } = 300;

    /// <summary>
    /// Gets or sets the most sub-agents of a tree that are at work at a time; by default 64. Others wait for their turn.
    /// </summary>
    [Range(1, 10_000, ErrorMessage = "Swarm:MaxConcurrent: use 1 to 10,000.")]
    public int MaxConcurrent { get; set; } = 64;

    /// <summary>Gets or sets how many levels of sub-agents there may be below a run; by default 3.</summary>
    [Range(1, 10, ErrorMessage = "Swarm:MaxDepth: use 1 to 10.")]
    public int MaxDepth { get; set; } = 3;

    /// <summary>Gets or sets the most steps of one sub-agent, those of its own sub-agents included; by default 200.</summary>
    [Range(2, 1_000_000, ErrorMessage = "Swarm:MaxSteps: use 2 to 1,000,000.")]
    public int MaxSteps { get; set; } = 200;

    /// <summary>Gets or sets the longest time of one sub-agent, waiting included; by default one hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00", ErrorMessage = "Swarm:MaxDuration: use 1 second to 365 days.")]
    public TimeSpan MaxDuration { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Gets or sets how long a sub-agent may be without a step before it counts as stuck and is ended; by default 15 minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "365.00:00:00", ErrorMessage = "Swarm:StepTimeout: use 0.1 seconds to 365 days.")]
    public TimeSpan StepTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Gets or sets the most bytes (UTF-8) of a sub-agent's result that its lead is shown at once; by default 8,000. The whole
    /// result stays with the sub-agent's run.
    /// </summary>
    [Range(256, 1_000_000, ErrorMessage = "Swarm:MaxResultBytes: use 256 to 1,000,000.")]
    public int MaxResultBytes { get; set; } = 8_000;

    /// <summary>Determines whether runs of an agent may have sub-agents.</summary>
    /// <param name="agent">The agent.</param>
    internal static bool MayDelegate(AgentDefinition agent) =>
        agent.Delegation != Delegation.None || agent.Tools?.Contains(SwarmToolNames.CallAgent) == true;

    /// <summary>What a run of an agent is held to; <see langword="null"/> if it may have no sub-agents.</summary>
    internal SwarmLimits? LimitsOf(AgentDefinition agent) => !MayDelegate(agent)
        ? null
        : new SwarmLimits(MaxSubAgents, MaxConcurrent, MaxDepth, MaxSteps, MaxDuration, StepTimeout, MaxResultBytes);
}
