using System.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Notifications;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Monitors.Incidents;

[CancelAfter(300_000)]
internal sealed class IncidentTests
{
    [Test]
    public async Task Breach_ThenRecovery_IsOneIncidentFromFirstSignToEnd()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        await bench.TickAsync();
        bench.IsDown = true;
        await bench.TickAsync(3);
        bench.IsDown = false;
        await bench.TickAsync(2);

        Incident incident = await bench.IncidentAsync();
        Assert.That(incident.State, Is.EqualTo(IncidentState.Resolved));
        Assert.That(incident.StartedAt, Is.EqualTo(MonitorBench.Start.AddMinutes(10)));
        Assert.That(incident.EndedAt, Is.EqualTo(MonitorBench.Start.AddMinutes(25)));
        Assert.That(incident.Title, Is.EqualTo("health: status 503"));
        Assert.That(incident.Priority, Is.EqualTo(1));
        Assert.That(
            incident.Timeline.Select(entry => (entry.Kind, entry.By)),
            Is.EqualTo(new[]
            {
                (IncidentEntryKind.Opened, "tick:shop-20260504T001000Z"),
                (IncidentEntryKind.Resolved, "tick:shop-20260504T003000Z"),
            }));
        Assert.That(incident.Timeline[0].Evidence, Does.Contain("503").And.Contain("down"));
    }

    [Test]
    public async Task Breach_SoonAfterTheEnd_OpensTheSameIncidentAgain()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        foreach (bool isDown in (bool[])[true, false, false, true, false, false])
        {
            bench.IsDown = isDown;
            await bench.TickAsync();
        }

        Incident incident = await bench.IncidentAsync();
        Assert.That(incident.Openings, Is.EqualTo(2));
        Assert.That(incident.State, Is.EqualTo(IncidentState.Resolved));
        Assert.That(incident.Timeline.Select(entry => entry.Kind), Is.EqualTo(new[]
        {
            IncidentEntryKind.Opened, IncidentEntryKind.Resolved, IncidentEntryKind.Reopened, IncidentEntryKind.Resolved,
        }));
    }

    [Test]
    public async Task Breach_LongAfterTheEnd_IsAnotherIncident()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        foreach (bool isDown in (bool[])[true, false, false, false, false, false, true])
        {
            bench.IsDown = isDown;
            await bench.TickAsync();
        }

        Assert.That(await bench.Host.Incidents.ListAsync(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Breaches_ComingAndGoing_AreFlappingAndResolveLate()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        for (int i = 0; i < 7; i++)
        {
            bench.IsDown = i % 2 == 0;
            await bench.TickAsync();
        }

        bench.IsDown = false;
        await bench.TickAsync(7);
        Incident flapping = await bench.IncidentAsync();
        Assert.That(flapping.IsFlapping);
        Assert.That(flapping.State, Is.EqualTo(IncidentState.Open), "two looks are not enough any more");

        await bench.TickAsync();
        Assert.That((await bench.IncidentAsync()).State, Is.EqualTo(IncidentState.Resolved));
    }

    [Test]
    public async Task SignalsOfOneKey_ShareAnIncidentOfTheWorstSeverity()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(monitor => monitor with
        {
            Signals =
            [
                monitor.Signals[0] with { Key = "outage", Severity = Severity.Warning },
                new SignalDefinition
                {
                    Name = "body", Key = "outage", Severity = Severity.Error,
                    Http = monitor.Signals[0].Http! with { Status = 503, Body = new ValueCondition { Contains = "up" } },
                },
            ],
        });
        bench.IsDown = true;
        await bench.TickAsync();
        Incident incident = await bench.IncidentAsync();
        Assert.That(incident.Signals, Is.EqualTo(new[] { "health", "body" }));
        Assert.That(incident.Severity, Is.EqualTo(Severity.Error));
        Assert.That(incident.Key, Is.EqualTo("outage"));
    }

    [Test]
    public async Task Resolve_ByAPersonWhileInBreach_OpensAgainAtTheNextTick()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        bench.IsDown = true;
        await bench.TickAsync();
        string id = (await bench.IncidentAsync()).Id;
        await bench.Host.Incidents.ResolveAsync(id, "ada", "looks fine to me");
        Assert.That(
            async () => await bench.Host.Incidents.AcknowledgeAsync(id, "ada"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.IncidentStateForbids));

        await bench.TickAsync();
        Incident incident = await bench.IncidentAsync();
        Assert.That(incident.State, Is.EqualTo(IncidentState.Open));
        Assert.That(incident.Openings, Is.EqualTo(2));
        Assert.That(incident.Timeline[1].By, Is.EqualTo("person:ada"));
        Assert.That(
            await bench.Host.Get<AuditLog>().ReadAsync().Where(static entry => entry.Type == AuditTypes.IncidentCommanded)
                .Select(static entry => (entry.Actor, entry.Reason)).FirstAsync(),
            Is.EqualTo(("ada", $"ended incident '{id}'")));
    }

    [Test]
    public async Task Priority_RuleByAge_RaisesAnOldIncident()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(monitor => monitor with
        {
            Signals = [monitor.Signals[0] with { Severity = Severity.Warning }],
            Incidents = new IncidentRules { Priorities = [new PriorityRule { After = TimeSpan.FromMinutes(10), Priority = 1 }] },
        });
        bench.IsDown = true;
        await bench.TickAsync(2);
        Assert.That((await bench.IncidentAsync()).Priority, Is.EqualTo(3));
        await bench.TickAsync();
        Assert.That((await bench.IncidentAsync()).Priority, Is.EqualTo(1));
    }

    [Test]
    public async Task Escalation_NobodyTakesItUp_TellsRemindsAndTellsTheNext()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(monitor => monitor with
        {
            Escalation =
            [
                new EscalationStep { Notify = ["file"], RemindEvery = TimeSpan.FromMinutes(4) },
                new EscalationStep { After = TimeSpan.FromMinutes(9), Notify = ["hook"] },
            ],
        });
        bench.IsDown = true;
        await bench.TickAsync(4);
        string id = (await bench.IncidentAsync()).Id;
        await bench.UntilAsync(() => Task.FromResult(!bench.Server.Received.IsEmpty));
        await bench.Host.Incidents.AcknowledgeAsync(id, "ada");
        await bench.TickAsync();
        int told = (await File.ReadAllLinesAsync(bench.File("notifications.jsonl"))).Length;
        await bench.TickAsync(3);
        bench.IsDown = false;
        await bench.TickAsync(2);
        await bench.UntilAsync(() => Task.FromResult(bench.Server.Received.Count == 2));

        string[] file = await File.ReadAllLinesAsync(bench.File("notifications.jsonl"));
        // How many reminders there are in between depends on how the test's time jumps.
        Assert.That(file.Select(KindOf).Distinct(), Is.EquivalentTo(new[] { "opened", "reminder", "resolved" }));
        Assert.That(file, Has.Length.EqualTo(told + 1), "nobody is reminded of what was taken up");
        Assert.That(
            bench.Server.Received.Values.Select(bodies => KindOf(bodies.First())),
            Is.EquivalentTo(new[] { "escalated", "resolved" }));
        string key = bench.Server.Received.Keys.Order(StringComparer.Ordinal).First();
        (string timestamp, string signature) = bench.Server.Signatures[key];
        Assert.That(signature, Is.EqualTo(WebhookSignature.Sign(
            "a secret of the test's own", key, long.Parse(timestamp, System.Globalization.CultureInfo.InvariantCulture),
            Encoding.UTF8.GetBytes(bench.Server.Received[key].First()))));
    }

    [Test]
    public async Task Notification_ReceiverRefusesForGood_BecomesAVisibleDeadLetter()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(monitor => monitor with
        {
            Escalation = [new EscalationStep { Notify = ["gone", "file"] }],
        });
        bench.IsDown = true;
        await bench.TickAsync();
        await bench.UntilAsync(async () => (await bench.IncidentAsync()).Timeline.Count == 3);

        DeadLetter letter = await bench.Host.Incidents.ListDeadLettersAsync().SingleAsync();
        Assert.That(letter.Channel, Is.EqualTo("gone"));
        Assert.That(letter.Error, Does.Contain("410"));
        Assert.That(
            (await bench.IncidentAsync()).Timeline.Select(entry => entry.Kind),
            Is.EquivalentTo(new[] { IncidentEntryKind.Opened, IncidentEntryKind.Notified,
                IncidentEntryKind.NotificationFailed }));
    }

    [Test]
    public void Sign_KnownMessage_IsWhatStandardWebhooksGives() =>
        // The example of the specification's reference libraries.
        Assert.That(
            WebhookSignature.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                "{\"test\": 2432232314}"u8),
            Is.EqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));

    /// <summary>What a notification tells of, which has the shape that all have.</summary>
    private static string KindOf(string json)
    {
        var told = System.Text.Json.JsonElement.Parse(json);
        Assert.That(told.EnumerateObject().Select(static member => member.Name),
            Is.EqualTo((string[])["type", "timestamp", "data"]));
        Assert.That(told.GetProperty("data").GetProperty("severity").GetString(),
            Is.AnyOf("info", "warning", "error", "critical"));
        return told.GetProperty("type").GetString()!["incident.".Length..];
    }
}
