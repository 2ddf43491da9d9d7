using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Monitors.Ticks;

/// <summary>What an attempt at a tick was granted that failed before its decision was written.</summary>
[CancelAfter(300_000)]
internal sealed class LeftGrantTests
{
    [Test]
    public async Task Tick_TriedAgainAndWakesNobody_GivesItBack()
    {
        await using MonitorBench bench = await StartAsync();
        await GrantAsync(bench, (await bench.Host.Monitors.GetAsync("shop")).NextDue!.Value);
        await bench.TickAsync();

        Assert.That(await GrantsAsync(bench), Is.Empty);
    }

    [Test]
    public async Task Tick_TriedAgainOncePaused_GivesItBack()
    {
        await using MonitorBench bench = await StartAsync();
        DateTimeOffset due = (await bench.Host.Monitors.GetAsync("shop")).NextDue!.Value;
        MonitorRecord record = await GrantAsync(bench, due);
        await bench.Host.Monitors.PauseAsync("shop");
        RunTickResult result = await bench.Host.Get<RunTickActivity>().RunAsync(
            new ActivityContext(MonitorLoop.InstanceIdOf(record), MonitorStepNames.RunTick, 1, default),
            new RunTickInput("shop", due));

        Assert.That(result.Ran, Is.False);
        Assert.That(await GrantsAsync(bench), Is.Empty);
    }

    [Test]
    public async Task Tick_AfterOneThatFailedForGood_WakesTheAgent()
    {
        await using MonitorBench bench = await StartAsync();
        await GrantAsync(bench, MonitorBench.Start.AddMinutes(1));
        bench.IsDown = true;
        await bench.TickAsync();

        Assert.That((await bench.LastTickAsync()).Run, Is.Not.Null, "the budget of the day is not used up");
        Assert.That(await GrantsAsync(bench), Is.EqualTo(new[] { (await bench.LastTickAsync()).Id }));
    }

    [Test]
    public async Task Tick_WhoseKeyAnotherRunHas_LeavesWhatThatRunMaySpend()
    {
        await using MonitorBench bench = await StartAsync();
        DateTimeOffset due = MonitorBench.Start.AddMinutes(1);
        MonitorRecord record = await GrantAsync(bench, due);
        await bench.Host.Get<SpendingAllowance>().GiveBackAsync(
            record, TickPlanner.TickId("shop", due), new AgentException(ErrorCode.IdempotencyKeyReused, "Another run has it."),
            default);
        await bench.TickAsync();

        Assert.That(await GrantsAsync(bench), Is.EqualTo(new[] { TickPlanner.TickId("shop", due) }));
    }

    [Test]
    public async Task Tick_WhileAResponseIsAdmitted_LeavesItsGrant()
    {
        await using MonitorBench bench = await StartAsync();
        (MonitorRecord record, _) = (await bench.Host.Get<MonitorStore>().FindAsync("shop", default))!.Value;
        const string Response = "shop_health_20260504T000000Z-1";
        await bench.Host.Get<SpendingAllowance>().GrantAsync(record, Response, TimeSpan.FromHours(1), default);
        await bench.TickAsync();

        Assert.That(await GrantsAsync(bench), Is.EqualTo(new[] { Response }));
    }

    private static Task<MonitorBench> StartAsync() => MonitorBench.StartAsync(
        static monitor => monitor with
        {
            Agent = "watcher",
            Goal = "Find the cause.",
            Budget = new MonitorBudget { Day = new Budget { Tokens = 50_000 } },
        },
        static _ => ChatReply.Say("It is the database."));

    private static async Task<MonitorRecord> GrantAsync(MonitorBench bench, DateTimeOffset due)
    {
        (MonitorRecord record, _) = (await bench.Host.Get<MonitorStore>().FindAsync("shop", default))!.Value;
        Budget? granted = await bench.Host.Get<SpendingAllowance>().GrantAsync(
            record, TickPlanner.TickId("shop", due), TimeSpan.FromHours(1), default);
        Assert.That(granted?.Tokens, Is.EqualTo(50_000));
        return record;
    }

    private static async Task<IEnumerable<string>> GrantsAsync(MonitorBench bench)
    {
        MonitorStore store = bench.Host.Get<MonitorStore>();
        (MonitorRecord record, _) = (await store.FindAsync("shop", default))!.Value;
        return (await store.GetSpendingAsync(record, default)).Grants.Select(static grant => grant.Key);
    }
}
