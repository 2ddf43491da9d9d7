using AgentFunctions.Durability;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Responses;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Monitors;

/// <summary>
/// A step of a monitor that fails and is tried again is seen: in the incident's timeline, in the log and in what the monitor
/// shows.
/// </summary>
[CancelAfter(300_000)]
internal sealed class MonitorRetryTests
{
    [Test]
    public async Task Notification_ReceiverIsDown_IsToldUntilItIsThere()
    {
        var log = new LogLines();
        await using MonitorBench bench = await MonitorBench.StartAsync(
            monitor => monitor with { Escalation = [new EscalationStep { Notify = ["hook", "file"] }] }, log: log);
        bench.Server.FailedDeliveries = 2;
        bench.IsDown = true;
        await bench.TickAsync();
        await bench.UntilAsync(async () => (await TroublesAsync(bench)) is [{ Failures: >= 3 }]);

        MonitorTrouble trouble = (await TroublesAsync(bench)).Single();
        Incident incident = await bench.IncidentAsync();
        IncidentEntry[] told = [.. incident.Timeline.Where(static entry => entry.Kind == IncidentEntryKind.Retrying)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(trouble.Step, Is.EqualTo("NotifyIncident (hook)"));
            Assert.That(trouble.Message, Does.Contain("503").Or.Contain("500"));
            Assert.That(trouble.Until, Is.GreaterThan(MonitorBench.Start));
            Assert.That(told.Select(static entry => entry.By), Is.All.EqualTo("host"));
            Assert.That(told[0].Text, Does.Contain("NotifyIncident (hook) failed 1 time(s), tried again at"));
            Assert.That(told[1].Text, Does.Contain("failed 2 time(s), tried again at"));
            Assert.That(log.All, Has.Some.Contains("Monitor shop: step NotifyIncident (hook) failed 1 time(s)").And.Contain("tried again at"));
        }

        bench.Server.FailedDeliveries = 0;
        await bench.UntilAsync(async () => (await bench.IncidentAsync()).Timeline.Count(static entry => entry.Kind == IncidentEntryKind.Notified) == 2);
        await bench.UntilAsync(async () => (await TroublesAsync(bench)).Count == 0);
    }

    [Test]
    public async Task Step_FailedForGood_IsToldToo()
    {
        var log = new LogLines();
        await using MonitorBench bench = await MonitorBench.StartAsync(log: log);
        MonitorStepRetries retries = bench.Host.Get<MonitorStepRetries>();
        var context = new ActivityContext("monitor-shop", MonitorStepNames.StartResponse, 1, CancellationToken.None);

        Assert.ThrowsAsync<AgentException>(() => retries.RunAsync<bool>(
            context, "shop", null,
            static () => throw new AgentException(ErrorCode.IncidentNotFound, "There is no such incident.")));

        MonitorTrouble trouble = (await TroublesAsync(bench)).Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(trouble.Message, Is.EqualTo("There is no such incident."));
            Assert.That(trouble.Until, Is.Null);
            Assert.That(log.All, Has.Some.Contains("step StartResponse failed 1 time(s)").And.Contain("it is not tried again"));
        }

        await retries.RunAsync(context, "shop", null, static () => Task.FromResult(true));
        Assert.That(await TroublesAsync(bench), Is.Empty);
    }

    [Test]
    public async Task Delete_InTrouble_ForgetsIt()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(
            monitor => monitor with { Escalation = [new EscalationStep { Notify = ["hook"] }] });
        bench.Server.FailedDeliveries = 2;
        bench.IsDown = true;
        await bench.TickAsync();
        await bench.UntilAsync(async () => (await TroublesAsync(bench)).Count == 1);

        await bench.Host.Monitors.DeleteAsync("shop");
        await bench.Host.Monitors.PutAsync(MonitorBench.Definition(bench.Server.Url));

        Assert.That(await TroublesAsync(bench), Is.Empty);
    }

    [Test]
    public async Task Totals_AnIncidentIsOpened_CountsItsResponseAsAWake()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(
            static monitor => monitor with
            {
                Agent = "watcher",
                Goal = "Find the cause.",
                Response = new ResponseRules { Runbook = "Look." }
            },
            static _ => ChatReply.Say("I looked."));
        await bench.TickAsync();
        Assert.That((await TotalsAsync(bench)).Woke, Is.Zero);

        bench.IsDown = true;
        await bench.TickAsync();
        await bench.UntilAsync(async () => (await bench.IncidentAsync()).Timeline.Any(static entry => entry.Kind == IncidentEntryKind.ResponseEnded));
        await bench.TickAsync();

        Assert.That(await TotalsAsync(bench), Is.EqualTo(new TickTotals { Ran = 3, Spared = 2, Woke = 1, Incidents = 1 }));
    }

    private static async Task<TickTotals> TotalsAsync(MonitorBench bench) => (await bench.Host.Monitors.GetAsync("shop")).Totals;

    private static async Task<IReadOnlyList<MonitorTrouble>> TroublesAsync(MonitorBench bench) =>
        (await bench.Host.Monitors.GetAsync("shop")).Troubles;
}
