namespace AgentFunctions.AspNetCore.Agents;

/// <summary>The agents of this host, by name.</summary>
/// <param name="Agents">The agents.</param>
/// <param name="Notes">What the authors of agent files should know, as file(line): message.</param>
/// <param name="LeftOut">The agents and tool servers that cannot be used.</param>
internal sealed record AgentListResource(
    IReadOnlyList<AgentResource> Agents, IReadOnlyList<string> Notes, IReadOnlyList<LeftOutResource> LeftOut);

/// <summary>Something that is configured and cannot be used.</summary>
/// <param name="Kind">What it is: agent or toolServer.</param>
/// <param name="Name">Its name, as far as that can be told; null where it cannot.</param>
/// <param name="Reason">What is wrong and where.</param>
internal sealed record LeftOutResource(string Kind, string? Name, string Reason);

/// <summary>An agent.</summary>
/// <param name="Name">The name that a submission uses.</param>
/// <param name="Description">What it is good for.</param>
/// <param name="Model">The name of its model; null where this host lacks the model that it asks for.</param>
/// <param name="Rehearsal">Whether that is the scripted rehearsal model: no real one speaks.</param>
/// <param name="Tools">The names of its tools; null where it cannot be told.</param>
/// <param name="Limits">Where its runs stop at the latest.</param>
internal sealed record AgentResource(
    string Name, string Description, string? Model, bool Rehearsal, IReadOnlyList<string>? Tools, AgentLimitsResource Limits)
{
    /// <summary>What is left out or replaced when it is run here; null for nothing.</summary>
    public IReadOnlyList<string>? Notes { get; init; }
}

/// <summary>Where an agent's runs stop at the latest; null for no limit.</summary>
/// <param name="Turns">The most turns.</param>
/// <param name="Tokens">The most tokens, read and written together.</param>
/// <param name="WallClock">The longest time (ISO 8601).</param>
internal sealed record AgentLimitsResource(int Turns, long? Tokens, string? WallClock);
