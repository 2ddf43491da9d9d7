namespace AgentFunctions.Governance.Policies;

/// <summary>When of the week a rule applies.</summary>
/// <param name="Zone">The time zone that days and hours are read in.</param>
internal sealed record TimeCondition(TimeZoneInfo Zone)
{
    public IReadOnlySet<DayOfWeek>? Days { get; init; }

    /// <summary>From this time of day on.</summary>
    public TimeOnly? From { get; init; }

    /// <summary>Before this time of day; earlier than <see cref="From"/> means past midnight.</summary>
    public TimeOnly? To { get; init; }

    public bool Holds(DateTimeOffset now)
    {
        DateTimeOffset local = TimeZoneInfo.ConvertTime(now, Zone);
        if (Days is not null && !Days.Contains(local.DayOfWeek))
        {
            return false;
        }

        TimeOnly time = TimeOnly.FromTimeSpan(local.TimeOfDay);
        return (From, To) switch
        {
            ({ } from, { } to) => time.IsBetween(from, to),
            ({ } from, null) => time >= from,
            (null, { } to) => time < to,
            _ => true,
        };
    }
}
