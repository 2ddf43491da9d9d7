namespace AgentFunctions.Monitors;

/// <summary>The hours of the day, in the schedule's time zone, in which a monitor looks.</summary>
public sealed record ActiveWindow
{
    /// <summary>Gets the first moment of the day; midnight by default.</summary>
    public TimeOnly From { get; init; }

    /// <summary>
    /// Gets the first moment that is out again; before <see cref="From"/> the window spans midnight; equal to it, the whole
    /// day.
    /// </summary>
    public TimeOnly To { get; init; }

    /// <summary>Only on these days, by the day on which the window opened; empty, the default, for every day.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = [];

    /// <summary>Whether a local time lies inside.</summary>
    /// <param name="local">The time in the schedule's time zone.</param>
    public bool Contains(DateTime local)
    {
        TimeOnly time = TimeOnly.FromDateTime(local);
        bool inside = From == To || (From < To ? time >= From && time < To : time >= From || time < To);
        bool openedYesterday = From > To && time < To;
        DayOfWeek day = (openedYesterday ? local.AddDays(-1) : local).DayOfWeek;
        return inside && (Days.Count == 0 || Days.Contains(day));
    }
}
