using AgentFunctions.Agents;

namespace AgentFunctions.AgentFramework;

/// <summary>Represents the options of an opaque agent, each of whose turns is one step of a durable run.</summary>
public sealed class OpaqueAgentOptions
{
    /// <summary>Gets or sets the name of the durable agent; by default the agent's own.</summary>
    public string? Name { get; set; }

    /// <summary>Gets or sets how long one turn of the agent may take; ten minutes by default.</summary>
    public TimeSpan TurnTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Gets or sets how often an answer that the agent gives in the background is looked at; 10 seconds by default. It may take a
    /// day.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets where a run stops at the latest.</summary>
    public AgentLimits Limits { get; set; } = new();
}
