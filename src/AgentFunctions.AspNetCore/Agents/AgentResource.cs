namespace AgentFunctions.AspNetCore.Agents;

/// <summary>The agents of this host, by name.</summary>
/// <param name="Agents">The agents.</param>
internal sealed record AgentListResource(IReadOnlyList<AgentResource> Agents);

/// <summary>An agent.</summary>
/// <param name="Name">The name that a submission uses.</param>
/// <param name="Description">What it is good for.</param>
/// <param name="Model">The name of its model; null where this host lacks the model that it asks for.</param>
/// <param name="Rehearsal">Whether that is the scripted rehearsal model: no real one speaks.</param>
/// <param name="Tools">The names of its tools; null where this host lacks one that it asks for.</param>
/// <param name="Limits">Where its runs stop at the latest.</param>
internal sealed record AgentResource(
    string Name, string Description, string? Model, bool Rehearsal, IReadOnlyList<string>? Tools, AgentLimitsResource Limits);

/// <summary>Where an agent's runs stop at the latest; null for no limit.</summary>
/// <param name="Turns">The most turns.</param>
/// <param name="Tokens">The most tokens, read and written together.</param>
/// <param name="WallClock">The longest time (ISO 8601).</param>
internal sealed record AgentLimitsResource(int Turns, long? Tokens, string? WallClock);
