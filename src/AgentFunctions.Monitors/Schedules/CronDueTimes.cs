using NCrontab;

namespace AgentFunctions.Monitors.Schedules;

/// <summary>
/// The moments of a cron expression in a time zone. Time is taken in stretches of one offset; between two stretches the
/// clocks change. Times that a forward change leaves out are due at the change; times that a backward change repeats are
/// due the first time only, unless the schedule follows elapsed time.
/// </summary>
internal sealed class CronDueTimes(CrontabSchedule cron, TimeZoneInfo zone, bool followsElapsedTime) : DueTimes
{
    /// <summary>
    /// An expression without an occurrence in this time (30 February) is never due. A leap day comes within 8 years.
    /// </summary>
    private static readonly TimeSpan Horizon = TimeSpan.FromDays(8 * 366);

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>No clock goes back by more.</summary>
    private static readonly TimeSpan LongestRepeat = TimeSpan.FromHours(3);

    public override DateTimeOffset? Next(DateTimeOffset after)
    {
        DateTimeOffset end = after + Horizon;
        DateTimeOffset cursor = PastRepeated(after.ToUniversalTime());
        bool inclusive = cursor > after;
        while (cursor < end)
        {
            TimeSpan offset = zone.GetUtcOffset(cursor);
            DateTimeOffset candidate = NextIn(cursor, offset, inclusive, end);
            if (FindChange(cursor, candidate < end ? candidate : end) is not { } change)
            {
                return candidate < end ? candidate : null;
            }

            TimeSpan step = zone.GetUtcOffset(change) - offset;
            if (step > TimeSpan.Zero && !followsElapsedTime && NextIn(change, offset, true, end) < change + step)
            {
                return change;
            }

            cursor = step < TimeSpan.Zero && !followsElapsedTime ? change - step : change;
            inclusive = true;
        }

        return null;
    }

    private DateTimeOffset NextIn(DateTimeOffset from, TimeSpan offset, bool inclusive, DateTimeOffset end)
    {
        DateTime local = from.UtcDateTime + offset;
        DateTime next = cron.GetNextOccurrence(inclusive ? local - Second : local, end.UtcDateTime + offset);
        return new DateTimeOffset(DateTime.SpecifyKind(next - offset, DateTimeKind.Utc));
    }

    /// <summary>Out of the second pass through repeated times, where nothing is due for a schedule of fixed times.</summary>
    private DateTimeOffset PastRepeated(DateTimeOffset moment)
    {
        if (followsElapsedTime || FindChange(moment - LongestRepeat, moment) is not { } change)
        {
            return moment;
        }

        TimeSpan repeated = zone.GetUtcOffset(change - Second) - zone.GetUtcOffset(change);
        return moment < change + repeated ? change + repeated : moment;
    }

    /// <summary>
    /// The first moment after <paramref name="from"/>, up to and with <paramref name="to"/>, at which the offset is another.
    /// </summary>
    private DateTimeOffset? FindChange(DateTimeOffset from, DateTimeOffset to)
    {
        TimeSpan offset = zone.GetUtcOffset(from);
        for (DateTimeOffset low = from; low < to; low = Min(low + TimeSpan.FromDays(1), to))
        {
            DateTimeOffset high = Min(low + TimeSpan.FromDays(1), to);
            if (zone.GetUtcOffset(high) != offset)
            {
                return Bisect(low, high, offset);
            }
        }

        return null;
    }

    private DateTimeOffset Bisect(DateTimeOffset low, DateTimeOffset high, TimeSpan lowOffset)
    {
        // Whole seconds: no zone changes in between.
        long from = low.ToUnixTimeSeconds();
        long to = (high + Second - TimeSpan.FromTicks(1)).ToUnixTimeSeconds();
        while (to - from > 1)
        {
            long middle = from + ((to - from) / 2);
            (from, to) = zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(middle)) == lowOffset
                ? (middle, to)
                : (from, middle);
        }

        return DateTimeOffset.FromUnixTimeSeconds(to);
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
