using System.Globalization;
using AgentFunctions.Durability;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Monitors;

/// <summary>
/// Five days of a monitor in virtual time, over a daylight-saving change, with outages of the watched service, deaths of the
/// host in the middle of its work, and a clock that is set.
/// </summary>
internal sealed class FiveDaysTests
{
    private const int Days = 5;
    private const int Outages = 30;
    private const int Kills = 40;

    private static readonly DateTimeOffset Start = new(2026, 3, 26, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ForwardAt = new(35, 42, 0);
    private static readonly TimeSpan BackAt = new(72, 7, 0);

    [TestCase(1)]
    [CancelAfter(300_000)]
    public async Task Monitor_FiveDaysOfOutagesAndKills_MissesAndDoublesNothing(int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        await using var world = new MonitorWorld(Start);
        (DateTimeOffset From, DateTimeOffset To)[] outages = [.. PlanOutages(random)];
        world.Server = await FlakyServer.StartAsync();
        world.Server.IsDown =
            () => outages.Any(outage => world.Time.GetUtcNow() >= outage.From && world.Time.GetUtcNow() < outage.To);
        world.Server.FailedDeliveries = 0.3;
        HashSet<int> killsAt = [.. Enumerable.Range(2, (Days * 288) - 10).OrderBy(_ => random.Next()).Take(Kills)];

        MonitorHost host = await MonitorHost.StartAsync(world);
        await host.Monitors.PutAsync(Watch(world), cancellationToken: cancellationToken);
        await host.Monitors.PutAsync(Nightly(world), cancellationToken: cancellationToken);
        int kills = 0;
        bool isArmed = false;
        int longestHistory = 0;
        int largestMemory = 0;
        DateTimeOffset now = Start;
        for (int tick = 1; tick <= Days * 288; tick++)
        {
            SetTheClock(world, now - Start);
            DateTimeOffset due = Start + (Interval * tick);
            if (!isArmed && killsAt.Count(kill => kill <= tick) > kills)
            {
                isArmed = true;
                host.Crash.Arm(random.Next(1, 8), random.Next(2) == 0);
            }

            Advance(world, due);
            while (!await RanAsync(world, host, due, cancellationToken))
            {
                kills++;
                isArmed = false;
                await host.DropAsync();
                world.Time.Advance(Downtime(random, outages, world.Time.GetUtcNow()));
                host = await MonitorHost.StartAsync(world);
                // The engine looks at its clock when time passes.
                world.Time.Advance(TimeSpan.FromSeconds(1));
            }

            now = due;
            if (tick % 96 == 0)
            {
                (MonitorRecord monitor, _) = (await host.Get<MonitorStore>().FindAsync("shop", cancellationToken))!.Value;
                longestHistory = Math.Max(longestHistory, await host.Get<IOrchestrationClient>()
                    .ReadHistoryAsync(MonitorLoop.InstanceIdOf(monitor), cancellationToken).CountAsync(cancellationToken));
                StoredRecord memory = (await host.Get<IRecordStore>().GetAsync($"monitor-memory/{monitor.Key}",
                    cancellationToken))!;
                largestMemory = Math.Max(largestMemory, memory.Value.Length);
            }
        }

        await DeliverAsync(world, 2 * Outages, cancellationToken);
        IReadOnlyList<TickRecord> ticks = await host.Monitors.GetHistoryAsync("shop", 10_000, cancellationToken);
        IReadOnlyList<TickRecord> nights = await host.Monitors.GetHistoryAsync("nightly", 100, cancellationToken);
        IReadOnlyList<Incident> incidents = await host.Incidents.ListAsync("shop", count: 1_000,
            cancellationToken: cancellationToken);
        MonitorView shop = await host.Monitors.GetAsync("shop", cancellationToken);
        await host.VerifyReplayAsync();
        await host.DropAsync();
        TestContext.Out.WriteLine(
            $"ticks {ticks.Count}, incidents {incidents.Count}, kills {kills}, longest history {longestHistory} events, "
            + $"largest memory {largestMemory} bytes, messages {world.Server.Received.Count}, "
            + $"deliveries {world.Server.Received.Values.Sum(bodies => bodies.Count)}");

        Assert.Multiple(() =>
        {
            Assert.That(
                ticks.Select(tick => tick.Due).Reverse(),
                Is.EqualTo(Enumerable.Range(1, Days * 288).Select(tick => Start + (Interval * tick))), "every tick exactly once");
            Assert.That(shop.Totals.Ran, Is.EqualTo(Days * 288));
            Assert.That(shop.Totals.Spared, Is.EqualTo(Days * 288));
            Assert.That(
                nights.Select(night => night.Due.UtcDateTime.ToString("dd HH:mm", CultureInfo.InvariantCulture)).Reverse(),
                Is.EqualTo(new[] { "26 01:30", "27 01:30", "28 01:30", "29 01:00", "30 00:30" }), "02:30 in Berlin");
            Assert.That(kills, Is.EqualTo(Kills));
            AssertIncidents(incidents, outages);
            AssertMessages(world.Server, incidents);
            Assert.That(longestHistory, Is.LessThan(300));
            Assert.That(largestMemory, Is.LessThan(8 * 1024));
        });
    }

    private static MonitorDefinition Watch(MonitorWorld world) => new()
    {
        Name = "shop",
        Schedule = new MonitorSchedule { Cron = "0 */5 * * * *", TimeZone = "Europe/Berlin" },
        Misfire = new MisfireRule { Policy = MisfirePolicy.All },
        Signals =
        [
            new SignalDefinition
            {
                Name = "health",
                Http = new HttpSignal { Url = world.Server!.Url + "health",
                    Body = new ValueCondition { Path = "$.state", EqualTo = "up" } },
                Severity = Severity.Critical,
                // Time is moved while the answer is on its way, faster on a busy machine: what is slow there is no outage.
                Timeout = TimeSpan.FromMinutes(5),
            },
        ],
        Escalation = [new EscalationStep { Notify = ["hook"] }],
    };

    private static MonitorDefinition Nightly(MonitorWorld world) => Watch(world) with
    {
        Name = "nightly",
        Schedule = new MonitorSchedule { Cron = "0 30 2 * * *", TimeZone = "Europe/Berlin" },
        Signals = [new SignalDefinition { Name = "data", File = new FileSignal { Path = world.File("data.db") } }],
        Escalation = [],
    };

    private static IEnumerable<(DateTimeOffset From, DateTimeOffset To)> PlanOutages(Random random)
    {
        for (int i = 0; i < Outages; i++)
        {
            DateTimeOffset from = Start + TimeSpan.FromHours(i * 4) + TimeSpan.FromSeconds(random.Next(20 * 60, 120 * 60));
            yield return (from, from + TimeSpan.FromSeconds(random.Next(6 * 60, 90 * 60)));
        }
    }

    /// <summary>Half an hour forward on the second day, twenty minutes back on the fourth.</summary>
    private static void SetTheClock(MonitorWorld world, TimeSpan elapsed)
    {
        if (elapsed < ForwardAt && elapsed + Interval >= ForwardAt)
        {
            world.Time.Step(TimeSpan.FromMinutes(30));
        }
        else if (elapsed < BackAt && elapsed + Interval >= BackAt)
        {
            world.Time.Step(TimeSpan.FromMinutes(-20));
        }
    }

    private static void Advance(MonitorWorld world, DateTimeOffset due)
    {
        world.Time.AdvanceTo(due);
        world.Time.Advance(TimeSpan.FromSeconds(1));
    }

    /// <summary>
    /// Around the begin and the end of an outage the host is back soon; at other times it stays away for some ticks.
    /// </summary>
    private static TimeSpan Downtime(Random random, (DateTimeOffset From, DateTimeOffset To)[] outages, DateTimeOffset now)
    {
        TimeSpan near = TimeSpan.FromMinutes(30);
        bool matters = outages.Any(outage => (now - outage.From).Duration() < near || (now - outage.To).Duration() < near);
        return TimeSpan.FromSeconds(random.Next(0, matters ? 50 : 12 * 60));
    }

    private static async Task<bool> RanAsync(MonitorWorld world, MonitorHost host, DateTimeOffset due,
        CancellationToken cancellationToken)
    {
        var day = DateOnly.FromDateTime(due.UtcDateTime);
        long count = (long)((due - new DateTimeOffset(due.Date, TimeSpan.Zero)) / Interval)
            + (day == DateOnly.FromDateTime(Start.Date) ? 0 : 1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task ran = host.TickedAsync("shop", day, count, stop.Token);
        // A timer that was set while the clock moved counts from then; and what failed is tried again only as time passes.
        await Poll.UntilEndAsync(Task.WhenAny(ran, host.Crash.Crashed), () => world.Time.Advance(TimeSpan.FromSeconds(1)),
            cancellationToken);

        bool hasRun = ran.IsCompleted;
        if (hasRun)
        {
            await ran;
        }

        await stop.CancelAsync();
        return hasRun && !host.Crash.Crashed.IsCompleted;
    }

    /// <summary>Lets time pass until what is on its way to the receiver has come.</summary>
    private static async Task DeliverAsync(MonitorWorld world, int messages, CancellationToken cancellationToken)
    {
        await Poll.UntilAsync(
            () =>
            {
                if (world.Server!.Received.Count >= messages)
                {
                    return true;
                }

                world.Time.Advance(TimeSpan.FromSeconds(1));
                return false;
            },
            cancellationToken);
    }

    private static void AssertIncidents(IReadOnlyList<Incident> incidents, (DateTimeOffset From, DateTimeOffset To)[] outages)
    {
        Incident[] inOrder = [.. incidents.OrderBy(incident => incident.StartedAt)];
        Assert.That(inOrder, Has.Length.EqualTo(outages.Length), "every outage one incident");
        foreach ((Incident incident, (DateTimeOffset from, DateTimeOffset to)) in inOrder.Zip(outages))
        {
            Assert.That(incident.State, Is.EqualTo(IncidentState.Resolved), incident.Id);
            Assert.That((incident.StartedAt - from).Duration(), Is.LessThanOrEqualTo(Interval),
                $"begin of {incident.Id}, really {from:u}");
            Assert.That((incident.EndedAt!.Value - to).Duration(), Is.LessThanOrEqualTo(Interval),
                $"end of {incident.Id}, really {to:u}");
            Assert.That(incident.Timeline.Count(entry => entry.Kind == IncidentEntryKind.Opened), Is.EqualTo(1), incident.Id);
            Assert.That(incident.Timeline.Select(entry => entry.By), Is.All.Not.Empty);
        }
    }

    private static void AssertMessages(FlakyServer server, IReadOnlyList<Incident> incidents)
    {
        IEnumerable<string> expected =
            incidents.SelectMany(incident => new[] { $"{incident.Id}-1-1-hook", $"{incident.Id}-1-2-hook" });
        Assert.That(server.Received.Keys, Is.EquivalentTo(expected), "each message under one key");
        Assert.That(server.Received.Values.Select(bodies => bodies.Distinct().Count()), Is.All.EqualTo(1),
            "a repetition is the same message");
        Assert.That(server.Received.Values.Sum(bodies => bodies.Count), Is.GreaterThan(server.Received.Count),
            "some were repeated");
    }
}
