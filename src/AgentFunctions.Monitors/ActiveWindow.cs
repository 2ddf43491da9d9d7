namespace AgentFunctions.Monitors;

/// <summary>Represents the hours of the day in which a monitor runs, in the time zone of its schedule.</summary>
public sealed record ActiveWindow
{
    /// <summary>Gets the first moment of the day; midnight by default.</summary>
    public TimeOnly From { get; init; }

    /// <summary>
    /// Gets the first moment that is out again; before <see cref="From"/> the window spans midnight; equal to it, the whole
    /// day.
    /// </summary>
    public TimeOnly To { get; init; }

    /// <summary>Gets the days on which the window opens; empty, the default, for every day.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = [];

    /// <summary>Determines whether a local time lies inside.</summary>
    /// <param name="local">The time in the schedule's time zone.</param>
    public bool Contains(DateTime local)
    {
        TimeOnly time = TimeOnly.FromDateTime(local);
        bool inside = From == To || (From < To ? time >= From && time < To : time >= From || time < To);
        bool openedYesterday = From > To && time < To;
        DayOfWeek day = (openedYesterday ? local.AddDays(-1) : local).DayOfWeek;
        return inside && (Days.Count == 0 || Days.Contains(day));
    }

    /// <summary>Gets the first moment after a local time outside at which it opens.</summary>
    /// <param name="local">The time in the schedule's time zone.</param>
    internal DateTime NextOpening(DateTime local)
    {
        DateTime opening = local.Date + (From == To ? TimeSpan.Zero : From.ToTimeSpan());
        while (opening <= local || (Days.Count > 0 && !Days.Contains(opening.DayOfWeek)))
        {
            opening = opening.AddDays(1);
        }

        return opening;
    }
}
