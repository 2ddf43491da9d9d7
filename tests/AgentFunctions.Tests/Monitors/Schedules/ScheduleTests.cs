using System.Globalization;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Schedules;

namespace AgentFunctions.Tests.Monitors.Schedules;

internal sealed class ScheduleTests
{
    private static readonly DateTimeOffset[] None = [];

    [TestCase("0 */5 * * * *", "2026-03-29T00:50:00Z", "00:55 01:00 01:05 01:10",
        Description = "Follows elapsed time over the change forward")]
    [TestCase("0 */30 * * * *", "2026-10-25T00:00:00Z", "00:30 01:00 01:30 02:00", Description = "And through the repeated hour")]
    [TestCase("0 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00 2026-03-30T00:30",
        Description = "02:30 does not exist: at the change")]
    [TestCase("0 0,30 2,3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00 2026-03-29T01:30",
        Description = "Three times that fall together are one tick")]
    [TestCase("0 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30 2026-10-26T01:30",
        Description = "02:30 comes twice: the first time only")]
    [TestCase("0 30 2 * * *", "2026-10-25T01:10:00Z", "2026-10-26T01:30", Description = "Asked within the repeated hour")]
    [TestCase("0 0 9 * * Mon-Fri", "2026-10-23T12:00:00Z", "2026-10-26T08:00 2026-10-27T08:00", Description = "Working days")]
    [TestCase("30 9 * * *", "2026-01-01T12:00:00Z", "2026-01-02T08:30", Description = "Five fields")]
    [TestCase("0 0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-28T23:00", Description = "A leap day")]
    public void Next_CronInBerlin_FollowsTheClocksOnTheWall(string cron, string after, string expected)
    {
        var due = DueTimes.Of(new MonitorSchedule { Cron = cron, TimeZone = "Europe/Berlin" });
        DateTimeOffset cursor = At(after);
        foreach (string moment in expected.Split(' '))
        {
            cursor = due.Next(cursor)!.Value;
            Assert.That(
                cursor, Is.EqualTo(moment.Contains('T', StringComparison.Ordinal)
                    ? At(moment + "Z")
                    : At($"{after[..11]}{moment}Z")));
        }
    }

    [Test]
    public void Next_AYearOfEveryFiveMinutesInBerlin_IsEveryFiveMinutesOfElapsedTime()
    {
        var due = DueTimes.Of(new MonitorSchedule { Cron = "0 */5 * * * *", TimeZone = "Europe/Berlin" });
        DateTimeOffset cursor = At("2026-01-01T00:00:00Z");
        for (int i = 0; i < 365 * 288; i++)
        {
            DateTimeOffset next = due.Next(cursor)!.Value;
            Assert.That(next - cursor, Is.EqualTo(TimeSpan.FromMinutes(5)));
            cursor = next;
        }
    }

    [TestCase("Europe/Berlin")]
    [TestCase("America/New_York")]
    [TestCase("Australia/Lord_Howe", Description = "Its clocks change by half an hour")]
    [TestCase("Africa/Casablanca", Description = "Its clocks go back for a month")]
    [TestCase("Asia/Kolkata")]
    public void Next_TenYearsOfADailyTime_IsOncePerDay(string zone)
    {
        var due = DueTimes.Of(new MonitorSchedule { Cron = "0 30 2 * * *", TimeZone = zone });
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        DateTimeOffset cursor = At("2026-01-01T12:00:00Z");
        DateOnly day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(due.Next(cursor)!.Value, info).DateTime).AddDays(-1);
        for (int i = 0; i < 3_650; i++)
        {
            cursor = due.Next(cursor)!.Value;
            var local = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(cursor, info).DateTime);
            Assert.That(local, Is.EqualTo(day.AddDays(1)));
            day = local;
        }
    }

    [TestCase("0 0 13 * FRI", "2026-11-25T22:30:00Z", "2026-11-27T00:00 2026-12-04T00:00 2026-12-11T00:00 2026-12-13T00:00",
        Description = "The 13th or a Friday")]
    [TestCase("0 0 1,15 * 3", "2026-11-25T22:30:00Z", "2026-12-01T00:00 2026-12-02T00:00 2026-12-09T00:00 2026-12-15T00:00")]
    [TestCase("0 0 */2 * FRI", "2026-11-25T22:30:00Z", "2026-11-27T00:00 2026-12-11T00:00",
        Description = "A day that begins with * holds beside the weekday")]
    [TestCase("0 0 * * 7", "2026-11-25T22:30:00Z", "2026-11-29T00:00 2026-12-06T00:00", Description = "7 is Sunday")]
    [TestCase("0 0 * * fri-sun", "2026-11-25T22:30:00Z", "2026-11-27T00:00 2026-11-28T00:00 2026-11-29T00:00 2026-12-04T00:00")]
    [TestCase("0 0 * * 6-7", "2026-11-25T22:30:00Z", "2026-11-28T00:00 2026-11-29T00:00 2026-12-05T00:00")]
    [TestCase("0 22-23,0-2 * * *", "2026-11-25T22:30:00Z",
        "2026-11-25T23:00 2026-11-26T00:00 2026-11-26T01:00 2026-11-26T02:00 2026-11-26T22:00")]
    [TestCase("0 0 ? NOV,feb *", "2026-11-29T22:30:00Z", "2026-11-30T00:00 2027-02-01T00:00")]
    [TestCase("10/20 * * * *", "2026-11-25T22:30:00Z", "2026-11-25T22:50 2026-11-25T23:10")]
    [TestCase("@daily", "2026-11-25T22:30:00Z", "2026-11-26T00:00 2026-11-27T00:00")]
    [TestCase("0 0 31 * *", "2026-11-25T22:30:00Z", "2026-12-31T00:00 2027-01-31T00:00 2027-03-31T00:00")]
    public void Next_Cron_MeansWhatCronMeans(string cron, string after, string expected)
    {
        var due = DueTimes.Of(new MonitorSchedule { Cron = cron });
        DateTimeOffset[] wanted = [.. expected.Split(' ').Select(static moment => At(moment + "Z"))];

        Assert.That(due.Next(At(after), wanted.Length), Is.EqualTo(wanted));
    }

    [TestCase("0 22-2 * * *", "hour '22-2': the range 22-2 runs backwards. Write 22-23,0-2")]
    [TestCase("0 0 * * 5-1", "day of week '5-1': the range 5-1 runs backwards. Write 5-6,0-1")]
    [TestCase("0 0 * nov-feb *", "month 'nov-feb': the range nov-feb runs backwards. Write 11-12,1-2")]
    [TestCase("59-0 * * * *", "minute '59-0': the range 59-0 runs backwards")]
    [TestCase("*/0 * * * *", "minute '*/0': a step is at least 1")]
    [TestCase("*/90 * * * *", "minute '*/90': a step of 90 never comes within 0 to 59. Use 'every'")]
    [TestCase("60 * * * *", "minute '60': 60 is not among 0 to 59")]
    [TestCase("0 0 0 * *", "day '0': 0 is not among 1 to 31")]
    [TestCase("0 0 L * *", "day 'L': 'L' cannot be read")]
    [TestCase("0 0 * * mon#2", "day of week 'mon#2': 'mon#2' cannot be read")]
    [TestCase("0 0 * 1-2-3 *", "cannot be read")]
    [TestCase("*/5/5 * * * *", "cannot be read")]
    [TestCase("-5 * * * *", "cannot be read")]
    [TestCase("1, * * * *", "cannot be read")]
    [TestCase("* * * *", "has 4 fields")]
    [TestCase("@reboot", "has 1 fields")]
    public void Parse_CronThatMeansNothing_IsRefusedWithARemedy(string cron, string words) => Assert.That(
        () => CronExpression.Parse(cron),
        Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code))
            .EqualTo(ErrorCode.InvalidInput).And.Message.Contains(words));

    [Test]
    public void Next_StoredBeforeItWasRefused_GoesOnAsItWas() => Assert.That(
        DueTimes.Of(new MonitorSchedule { Cron = "0 22-2 * * *" }).Next(At("2026-11-25T00:30:00Z")),
        Is.EqualTo(At("2026-11-25T02:00:00Z")));

    [Test]
    public void Next_NoSuchDate_IsNull() =>
        Assert.That(DueTimes.Of(new MonitorSchedule { Cron = "0 0 0 30 2 *" }).Next(At("2026-01-01T00:00:00Z")), Is.Null);

    [Test]
    public void Next_Interval_IsCountedFromTheEpoch()
    {
        var due = DueTimes.Of(new MonitorSchedule { Every = TimeSpan.FromMinutes(5) });
        Assert.That(due.Next(At("2026-01-01T00:04:59.5Z")), Is.EqualTo(At("2026-01-01T00:05:00Z")));
        Assert.That(due.Next(At("2026-01-01T00:05:00Z")), Is.EqualTo(At("2026-01-01T00:10:00Z")));
        Assert.That(due.Next(At("1969-12-31T23:58:00Z")), Is.EqualTo(At("1970-01-01T00:00:00Z")));
    }

    [TestCase(MisfirePolicy.Skip, "", 6)]
    [TestCase(MisfirePolicy.Once, "10:30", 5)]
    [TestCase(MisfirePolicy.All, "10:15 10:20 10:25 10:30", 2, Description = "Up to the bound of four")]
    public void Plan_HostWasAway_FollowsTheMisfirePolicy(MisfirePolicy policy, string run, int skipped)
    {
        TickPlan plan = TickPlanner.Plan(Monitor(policy), At("2026-01-01T10:00:00Z"), At("2026-01-01T10:32:00Z"), 3);
        Assert.That(string.Join(' ', plan.Run.Select(Time)), Is.EqualTo(run));
        Assert.That(plan.Skipped!.Count, Is.EqualTo(skipped));
        Assert.That(string.Join(' ', plan.Upcoming.Select(Time)), Is.EqualTo("10:35 10:40 10:45"));
    }

    [TestCase(MisfirePolicy.Skip)]
    [TestCase(MisfirePolicy.Once)]
    [TestCase(MisfirePolicy.All)]
    public void Plan_ALittleLate_RunsTheTick(MisfirePolicy policy)
    {
        TickPlan plan = TickPlanner.Plan(Monitor(policy), At("2026-01-01T10:00:00Z"), At("2026-01-01T10:05:30Z"), 1);
        Assert.That(plan.Run.Select(Time), Is.EqualTo(new[] { "10:05" }));
        Assert.That(plan.Skipped, Is.Null);
    }

    [Test]
    public void Plan_ClockSetBack_NothingIsDueAgain()
    {
        TickPlan plan = TickPlanner.Plan(Monitor(MisfirePolicy.All), At("2026-01-01T10:00:00Z"), At("2026-01-01T09:00:00Z"), 1);
        Assert.That(plan.Run.Select(tick => tick.Due), Is.EqualTo(None));
        Assert.That(plan.Upcoming[0].Due, Is.EqualTo(At("2026-01-01T10:05:00Z")));
    }

    [Test]
    [CancelAfter(300_000)]
    public void Plan_AYearAwayWithTicksOfASecond_StaysBounded()
    {
        MonitorDefinition monitor =
            Monitor(MisfirePolicy.Once) with { Schedule = new MonitorSchedule { Every = TimeSpan.FromSeconds(1) } };
        TickPlan plan = TickPlanner.Plan(monitor, At("2025-01-01T00:00:00Z"), At("2026-01-01T00:00:00Z"), 2);
        Assert.That(plan.Upcoming.Select(tick => tick.Due),
            Is.EqualTo(new[] { At("2026-01-01T00:00:01Z"), At("2026-01-01T00:00:02Z") }));
        Assert.That(plan.Run, Has.Count.EqualTo(1));
    }

    [Test]
    public void Plan_Jitter_DelaysEachTickByAFixedAmount()
    {
        MonitorDefinition monitor = Monitor(MisfirePolicy.All) with { Jitter = TimeSpan.FromMinutes(1) };
        TickPlan first = TickPlanner.Plan(monitor, At("2026-01-01T10:00:00Z"), At("2026-01-01T10:00:00Z"), 50);
        TickPlan second = TickPlanner.Plan(monitor, At("2026-01-01T10:00:00Z"), At("2026-01-01T10:00:01Z"), 50);
        Assert.That(second.Upcoming, Is.EqualTo(first.Upcoming));
        Assert.That(first.Upcoming.Select(tick => tick.StartAt - tick.Due),
            Is.All.InRange(TimeSpan.Zero, TimeSpan.FromMinutes(1)));
        Assert.That(first.Upcoming.Select(tick => tick.StartAt - tick.Due).Distinct().Count(), Is.GreaterThan(40));
    }

    [Test]
    public void Plan_ActiveWindow_LeavesTheNightOut()
    {
        MonitorDefinition monitor = Monitor(MisfirePolicy.All) with
        {
            Schedule = new MonitorSchedule { Cron = "0 0 * * * *", TimeZone = "Europe/Berlin" },
            ActiveWindow = new ActiveWindow { From = new TimeOnly(22, 0), To = new TimeOnly(1, 0), Days = [DayOfWeek.Friday] },
        };
        TickPlan plan = TickPlanner.Plan(monitor, At("2026-01-01T00:00:00Z"), At("2026-01-01T00:00:00Z"), 4);
        Assert.That(
            plan.Upcoming.Select(tick => tick.Due.UtcDateTime.ToString("dd HH", CultureInfo.InvariantCulture)),
            Is.EqualTo(new[] { "02 21", "02 22", "02 23", "09 21" }));
    }

    [TestCase("UTC", "2026-01-02T18:00:00Z", "2026-01-02T18:00:00Z", "2026-01-05T08:00:00Z")]
    [TestCase("Europe/Berlin", "2026-03-27T17:00:00Z", "2026-03-27T17:00:00Z", "2026-03-30T06:00:00Z")]
    [TestCase("UTC", "2025-01-01T00:00:00Z", "2026-01-02T18:00:00Z", "2026-01-05T08:00:00Z")]
    public void Plan_FastTicksBeforeAClosedWeekend_WaitsForItsEnd(string zone, string after, string now, string opening)
    {
        MonitorDefinition monitor = Monitor(MisfirePolicy.Skip) with
        {
            Schedule = new MonitorSchedule { Every = TimeSpan.FromSeconds(1), TimeZone = zone },
            ActiveWindow = new ActiveWindow
            {
                From = new TimeOnly(8, 0),
                To = new TimeOnly(18, 0),
                Days = [DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday],
            },
        };

        TickPlan plan = TickPlanner.Plan(monitor, At(after), At(now), 2);

        Assert.That(plan.Upcoming.Select(static tick => tick.Due), Is.EqualTo(new[] { At(opening), At(opening).AddSeconds(1) }));
    }

    [Test]
    public void Plan_AnyWindowOverAChangeOfTheClocks_LeavesOutNoTick(
        [Values("2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z")] string from, [Values("08", "22", "01", "02", "00")] string opens,
        [Values("18:00", "02:30", "00:00")] string closes, [Values(true, false)] bool isCron)
    {
        MonitorDefinition monitor = Monitor(MisfirePolicy.All) with
        {
            Schedule = isCron
                ? new MonitorSchedule { Cron = "0 */10 * * * *", TimeZone = "Europe/Berlin" }
                : new MonitorSchedule { Every = TimeSpan.FromMinutes(7), TimeZone = "Europe/Berlin" },
            ActiveWindow = new ActiveWindow
            {
                From = TimeOnly.Parse($"{opens}:15", CultureInfo.InvariantCulture),
                To = TimeOnly.Parse(closes, CultureInfo.InvariantCulture),
                Days = [DayOfWeek.Saturday, DayOfWeek.Sunday, DayOfWeek.Tuesday],
            },
        };
        TimeZoneInfo zone = DueTimes.ZoneOf(monitor.Schedule);
        DateTimeOffset[] inside = [.. DueTimes.Of(monitor.Schedule).Next(At(from), 2_000)
            .Where(due => monitor.ActiveWindow.Contains(TimeZoneInfo.ConvertTime(due, zone).DateTime))];

        TickPlan plan = TickPlanner.Plan(monitor, At(from), At(from), inside.Length);

        Assert.That(plan.Upcoming.Select(static tick => tick.Due), Is.EqualTo(inside));
    }

    private static MonitorDefinition Monitor(MisfirePolicy policy) => new()
    {
        Name = "shop",
        Schedule = new MonitorSchedule { Every = TimeSpan.FromMinutes(5) },
        Misfire = new MisfireRule { Policy = policy, Bound = 4 },
    };

    private static string Time(PlannedTick tick) => tick.Due.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
