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

    /// <summary>Gets who wrote it last.</summary>
    public string By { get; init; } = "host";
}
