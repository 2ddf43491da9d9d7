namespace AgentFunctions.Monitors.Schedules;

/// <summary>
/// Represents the schedule of a monitor. Exactly one of <see cref="Cron"/>, <see cref="Every"/> and <see cref="At"/> is set.
/// </summary>
public sealed record MonitorSchedule
{
    /// <summary>
    /// Gets a cron expression of five fields (minute, hour, day, month, day of week), six with the second first, or a name such
    /// as <c>@daily</c>. Where day and day of week are both given, either is enough. Ranges do not run backwards. It is meant in
    /// local time. Where clocks go forward, a fixed time that does not exist runs at the moment of the change; where they go
    /// back, it runs once. With <c>*</c> as the hour it follows elapsed time through both.
    /// </summary>
    public string? Cron { get; init; }

    /// <summary>Gets the time zone by its IANA name, for <see cref="Cron"/> and the active window; UTC by default.</summary>
    public string? TimeZone { get; init; }

    /// <summary>
    /// Gets a fixed interval of at least one second, counted from the Unix epoch: <c>PT5M</c> looks at :00, :05, :10.
    /// </summary>
    public TimeSpan? Every { get; init; }

    /// <summary>Gets the moment of the only tick.</summary>
    public DateTimeOffset? At { get; init; }
}
