using System.Text.Json.Serialization;

namespace AgentFunctions.Monitors;

/// <summary>A monitor as it is kept.</summary>
internal sealed record MonitorRecord
{
    public required MonitorDefinition Definition { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>No tick is due before this: when the monitor began, was resumed, or its schedule was changed.</summary>
    public required DateTimeOffset ActiveFrom { get; init; }

    /// <summary>Gets since when it is paused; <see langword="null"/> while it looks.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>
    /// Gets the instance id of the orchestration that looks for it; <see langword="null"/> for the name's, as it was once. A
    /// monitor that is made again has another one: the loop of the deleted one may be ending at that moment, and hear no more.
    /// </summary>
    public string? Loop { get; init; }

    /// <summary>
    /// Gets what its memory, notes and spending are kept under: what one that was deleted leaves is nothing to the next one of
    /// its name.
    /// </summary>
    [JsonIgnore]
    public string Key => Loop ?? Definition.Name;

    /// <summary>Gets who wrote it last.</summary>
    public string By { get; init; } = "host";
}
