namespace AgentFunctions.Monitors.Schedules;

/// <summary>The moments at which a schedule is due. Pure: the same answer on every host.</summary>
internal abstract class DueTimes
{
    /// <summary>The first due moment after another; <see langword="null"/> if there is none.</summary>
    public abstract DateTimeOffset? Next(DateTimeOffset after);

    /// <summary>The due moments of a schedule that was checked.</summary>
    public static DueTimes Of(MonitorSchedule schedule) => schedule switch
    {
        { Cron: { } cron } => OfCron(Read(cron), ZoneOf(schedule)),
        { Every: { } every } => new IntervalDueTimes(every),
        { At: { } at } => new SingleDueTime(at),
        _ => throw new AgentException(ErrorCode.InvalidInput, "schedule: set one of cron, every and at."),
    };

    /// <summary>The time zone in which a schedule is meant.</summary>
    public static TimeZoneInfo ZoneOf(MonitorSchedule schedule) =>
        schedule.TimeZone is { } name ? TimeZoneInfo.FindSystemTimeZoneById(name) : TimeZoneInfo.Utc;

    /// <summary>The next due moments.</summary>
    /// <param name="after">The moment before the first.</param>
    /// <param name="count">How many at the most.</param>
    public IReadOnlyList<DateTimeOffset> Next(DateTimeOffset after, int count)
    {
        var moments = new List<DateTimeOffset>(count);
        while (moments.Count < count && Next(moments.Count == 0 ? after : moments[^1]) is { } next)
        {
            moments.Add(next);
        }

        return moments;
    }

    /// <summary>A monitor that was stored before an expression was refused goes on with what it then meant.</summary>
    private static CronExpression Read(string cron)
    {
        try
        {
            return CronExpression.Parse(cron);
        }
        catch (AgentException) when (CronExpression.ParseStored(cron) is { } stored)
        {
            return stored;
        }
    }

    private static DueTimes OfCron(CronExpression cron, TimeZoneInfo zone)
    {
        DueTimes[] times = [.. cron.Schedules.Select(schedule => new CronDueTimes(schedule, zone, cron.FollowsElapsedTime))];
        return times is [var only] ? only : new EitherDueTimes(times);
    }

    private sealed class EitherDueTimes(DueTimes[] times) : DueTimes
    {
        public override DateTimeOffset? Next(DateTimeOffset after) => times.Min(each => each.Next(after));
    }

    private sealed class IntervalDueTimes(TimeSpan every) : DueTimes
    {
        public override DateTimeOffset? Next(DateTimeOffset after)
        {
            long elapsed = (after - DateTimeOffset.UnixEpoch).Ticks;
            long past = ((elapsed % every.Ticks) + every.Ticks) % every.Ticks;
            return (after + TimeSpan.FromTicks(every.Ticks - past)).ToUniversalTime();
        }
    }

    private sealed class SingleDueTime(DateTimeOffset at) : DueTimes
    {
        public override DateTimeOffset? Next(DateTimeOffset after) => after < at ? at.ToUniversalTime() : null;
    }
}
