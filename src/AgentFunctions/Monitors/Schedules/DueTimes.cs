using NCrontab;

namespace AgentFunctions.Monitors.Schedules;

/// <summary>The moments at which a schedule is due. Pure: the same answer on every host.</summary>
internal abstract class DueTimes
{
    /// <summary>The first due moment after another; <see langword="null"/> where there is none.</summary>
    public abstract DateTimeOffset? Next(DateTimeOffset after);

    /// <summary>The due moments of a schedule that was checked.</summary>
    public static DueTimes Of(MonitorSchedule schedule) => schedule switch
    {
        { Cron: { } cron } => new CronDueTimes(ParseCron(cron), ZoneOf(schedule), FollowsElapsedTime(cron)),
        { Every: { } every } => new IntervalDueTimes(every),
        { At: { } at } => new SingleDueTime(at),
        _ => throw new AgentException(ErrorCode.InvalidInput, "schedule: set one of cron, every and at."),
    };

    /// <summary>The time zone in which a schedule is meant.</summary>
    public static TimeZoneInfo ZoneOf(MonitorSchedule schedule) =>
        schedule.TimeZone is { } name ? TimeZoneInfo.FindSystemTimeZoneById(name) : TimeZoneInfo.Utc;

    public static CrontabSchedule ParseCron(string cron) =>
        CrontabSchedule.Parse(cron, new CrontabSchedule.ParseOptions { IncludingSeconds = Fields(cron).Length == 6 });

    private static bool FollowsElapsedTime(string cron) => Fields(cron)[^4] is "*" or "*/1";

    private static string[] Fields(string cron) => cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

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
