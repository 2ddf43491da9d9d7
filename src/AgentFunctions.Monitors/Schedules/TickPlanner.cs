using System.Globalization;
using System.Text;

namespace AgentFunctions.Monitors.Schedules;

/// <summary>
/// Works out which ticks of a monitor are due. Pure: the durable timers of an engine and a timer trigger that asks
/// "what is due" get the same answer.
/// </summary>
internal static class TickPlanner
{
    /// <summary>
    /// The most due moments that are looked at after a long absence; beyond it the count of missed ticks stops.
    /// </summary>
    private const int MaxBacklog = 100_000;

    /// <summary>
    /// The id of a tick: follows from monitor and due time, so that nothing can double it. Ticks by schedule are due at full
    /// seconds, those that people ask for between them (<see cref="ManualDue"/>).
    /// </summary>
    /// <param name="monitor">The monitor's name.</param>
    /// <param name="due">When the tick is due.</param>
    public static string TickId(string monitor, DateTimeOffset due) =>
        $"{monitor}-{due.UtcDateTime.ToString("yyyyMMdd'T'HHmmssFFFFFFF'Z'", CultureInfo.InvariantCulture)}";

    /// <summary>Whether an id is that of a tick of a monitor; ids of its incidents have an underscore after the name.</summary>
    public static bool IsTickOf(string monitor, string id) => id.StartsWith($"{monitor}-", StringComparison.Ordinal);

    /// <summary>When a tick is due that somebody asks for: at once, and at a moment that is no other tick's.</summary>
    /// <param name="now">The present moment.</param>
    /// <param name="last">When the last one was due that was asked for.</param>
    public static DateTimeOffset ManualDue(DateTimeOffset now, DateTimeOffset last)
    {
        long ticks = now > last ? now.UtcTicks : last.UtcTicks + 1;
        return new DateTimeOffset(ticks % TimeSpan.TicksPerSecond == 0 ? ticks + 1 : ticks, TimeSpan.Zero);
    }

    /// <summary>What to run now, what to leave out, and what to wait for.</summary>
    /// <param name="monitor">The monitor.</param>
    /// <param name="after">The due time of the last tick that ran, or when the monitor began.</param>
    /// <param name="now">
    /// The present moment. Before <paramref name="after"/>, when the clock was set back, nothing is due.
    /// </param>
    /// <param name="ahead">How many ticks to look ahead.</param>
    public static TickPlan Plan(MonitorDefinition monitor, DateTimeOffset after, DateTimeOffset now, int ahead)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        var dueTimes = DueTimes.Of(monitor.Schedule);
        TimeZoneInfo zone = DueTimes.ZoneOf(monitor.Schedule);
        var backlog = new List<DateTimeOffset>();
        var upcoming = new List<PlannedTick>();
        DateTimeOffset cursor = after;
        for (int seen = 0; upcoming.Count < ahead && seen < 2 * MaxBacklog; seen++)
        {
            if (dueTimes.Next(cursor) is not { } due)
            {
                break;
            }

            cursor = due;
            bool isIn = monitor.ActiveWindow?.Contains(TimeZoneInfo.ConvertTime(due, zone).DateTime) ?? true;
            if (!isIn)
            {
                cursor = BeforeOpening(monitor.ActiveWindow!, due, zone);
            }
            else if (StartOf(monitor, due) > now)
            {
                upcoming.Add(new PlannedTick(due, StartOf(monitor, due)));
            }
            else
            {
                backlog.Add(due);
            }

            if (backlog.Count == MaxBacklog && upcoming.Count == 0 && cursor < now)
            {
                cursor = now;
            }
        }

        (List<DateTimeOffset> run, SkippedTicks? skipped) = Divide(monitor, backlog, now);
        return new TickPlan([.. run.Select(due => new PlannedTick(due, StartOf(monitor, due)))], upcoming, skipped);
    }

    /// <summary>
    /// A moment from which on the window may open, so that a fast schedule is not looked at for each second of a weekend. If the
    /// clocks change before the window opens, it is half way to the change at the least: local times repeat there.
    /// </summary>
    private static DateTimeOffset BeforeOpening(ActiveWindow window, DateTimeOffset outside, TimeZoneInfo zone)
    {
        DateTime local = TimeZoneInfo.ConvertTime(outside, zone).DateTime;
        TimeSpan closed = window.NextOpening(local) - local;
        while (closed > TimeSpan.FromSeconds(1) && zone.GetUtcOffset(outside + closed) != zone.GetUtcOffset(outside))
        {
            closed /= 2;
        }

        return closed > TimeSpan.FromSeconds(1) ? outside + closed - TimeSpan.FromSeconds(1) : outside;
    }

    private static (List<DateTimeOffset> Run, SkippedTicks? Skipped) Divide(
        MonitorDefinition monitor, List<DateTimeOffset> backlog, DateTimeOffset now)
    {
        int missed = backlog.FindIndex(due => now - StartOf(monitor, due) <= monitor.Misfire.Grace);
        missed = missed < 0 ? backlog.Count : missed;
        bool someAreInTime = missed < backlog.Count;
        int dropped = monitor.Misfire.Policy switch
        {
            MisfirePolicy.Skip => missed,
            MisfirePolicy.Once => someAreInTime ? missed : Math.Max(0, missed - 1),
            _ => Math.Max(0, missed - monitor.Misfire.Bound),
        };
        SkippedTicks? skipped = dropped == 0
            ? null
            : new SkippedTicks(
                dropped, backlog[0], backlog[dropped - 1], $"missed; the misfire policy is {NameOf(monitor.Misfire.Policy)}");
        return (backlog[dropped..], skipped);
    }

    private static string NameOf(MisfirePolicy policy) => policy switch
    {
        MisfirePolicy.Skip => "skip",
        MisfirePolicy.Once => "once",
        _ => "all",
    };

    /// <summary>Spreads monitors that are due at one moment; each tick always gets the same delay.</summary>
    private static DateTimeOffset StartOf(MonitorDefinition monitor, DateTimeOffset due)
    {
        if (monitor.Jitter <= TimeSpan.Zero)
        {
            return due;
        }

        // FNV-1a: stable over processes and hosts, unlike string.GetHashCode.
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(TickId(monitor.Name, due)))
        {
            hash = (hash ^ b) * 1099511628211;
        }

        return due + TimeSpan.FromMilliseconds(hash % (ulong)Math.Max(1, monitor.Jitter.TotalMilliseconds));
    }
}
