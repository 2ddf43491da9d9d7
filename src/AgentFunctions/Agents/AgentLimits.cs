using System.Text.Json.Serialization;

namespace AgentFunctions.Agents;

/// <summary>Represents the limits of an agent's runs.</summary>
public sealed record AgentLimits
{
    /// <summary>
    /// Gets the most turns (model calls with the tool calls that they asked for), at least 1; <see langword="null"/>, the
    /// default, for as many as the budget of the run allows, or what the host allows where nothing else limits the run
    /// (<c>Runs:MaxTurns</c>).
    /// </summary>
    public int? MaxTurns { get; init; }

    /// <summary>Gets the most tokens, read and written together; <see langword="null"/>, the default, for no limit.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>
    /// Gets the longest time from start to end, waiting included; <see langword="null"/>, the default, for no limit.
    /// </summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>
    /// Gets whether the run's time stands still while it can do nothing but wait for answers to its questions;
    /// <see langword="false"/> by default: waiting counts.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool PausesClock { get; init; }
}
