using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Responses;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Monitors.Ticks;

[CancelAfter(300_000)]
internal sealed class WakeTests
{
    [Test]
    public async Task QuietDay_AsksNoModel()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(Watched, _ => ChatReply.Say("I was not needed."));
        await bench.TickAsync(288);

        TickTotals totals = (await bench.Host.Monitors.GetAsync("shop")).Totals;
        Assert.That(totals, Is.EqualTo(new TickTotals { Ran = 288, Spared = 288 }));
        Assert.That(bench.Model.Requests, Is.Empty, "not one token");
        Assert.That((await bench.Host.Monitors.GetHistoryAsync("shop", 1_000)).Select(tick => tick.Outcome),
            Is.All.EqualTo(TickOutcome.Quiet));
    }

    [Test]
    public async Task Breach_WakesTheAgentOnceWithTheEvidence()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(Watched, _ => ChatReply.Say("It is the database."));
        await bench.TickAsync();
        bench.IsDown = true;
        await bench.TickAsync();
        await bench.UntilAsync(async () => (await bench.RunsAsync()).All(run => run.IsEnded));
        await bench.TickAsync(2);

        Run run = (await bench.RunsAsync()).Single();
        Assert.That(run.Goal, Does.StartWith("Find the cause.").And.Contain("status 503").And.Contain("\"state\":\"down\""));
        Assert.That(run.Labels["tick"], Is.EqualTo("shop-20260504T001000Z"));
        TickRecord[] woke = [.. (await bench.Host.Monitors.GetHistoryAsync("shop")).Where(tick => tick.Run is not null)];
        Assert.That(woke.Single().Run, Is.EqualTo(run.Id));
        Assert.That(bench.Model.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Change_WithoutABreach_WakesOnlyWhereAskedFor()
    {
        string seen = "one";
        AgentTool tool = AgentTool.Create("version", "The version.", ToolEffect.None, () => seen);
        await using MonitorBench bench = await MonitorBench.StartAsync(
            monitor => Watched(monitor) with
            {
                Signals = [new SignalDefinition { Name = "version", Tool = new ToolSignal { Name = "version" },
                    Wake = WakeOn.Change }],
            },
            _ => ChatReply.Say("Noted."), [tool]);
        await bench.TickAsync(2);
        Assert.That(await bench.RunsAsync(), Is.Empty);
        seen = "two";
        await bench.TickAsync(2);
        Assert.That((await bench.RunsAsync()).Single().Goal, Does.Contain("version is not as before"));
    }

    [Test]
    public async Task NoSignals_EveryTickWakesTheAgent()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(
            monitor => Watched(monitor) with { Signals = [] }, _ => ChatReply.Say("All is well."));
        for (int i = 0; i < 3; i++)
        {
            await bench.TickAsync();
            await bench.UntilAsync(async () => (await bench.RunsAsync()).All(run => run.IsEnded));
        }

        Assert.That(await bench.RunsAsync(), Has.Count.EqualTo(3));
    }

    [TestCase(OverlapPolicy.Skip, 1)]
    [TestCase(OverlapPolicy.Queue, 1)]
    [TestCase(OverlapPolicy.CancelOld, 3)]
    public async Task Wake_WhileAnEarlierRunIsGoing_FollowsTheOverlapPolicy(OverlapPolicy policy, int runs)
    {
        var release = new TaskCompletionSource();
        await using MonitorBench bench = await MonitorBench.StartAsync(
            monitor => Watched(monitor) with { Signals = [], Overlap = policy, Deadline = TimeSpan.FromHours(1) },
            _ => ChatReply.Say("Done.") with { Before = release.Task.WaitAsync });
        await bench.TickAsync(3);
        Assert.That(await bench.RunsAsync(), Has.Count.EqualTo(runs));
        string? note = (await bench.LastTickAsync()).Note;
        Assert.That(note, policy == OverlapPolicy.CancelOld ? Is.Null : Does.Contain("still going"));

        release.SetResult();
        await bench.UntilAsync(async () => (await bench.RunsAsync()).All(run => run.IsEnded));
        if (policy == OverlapPolicy.CancelOld)
        {
            Assert.That((await bench.RunsAsync()).Count(run => run.Status == RunStatus.Cancelled), Is.EqualTo(2));
        }
    }

    [Test]
    public async Task Wake_DayBudgetUsedUp_WaitsForTheNextDay()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(
            monitor => Watched(monitor) with
            {
                Signals = [],
                Schedule = new() { Every = TimeSpan.FromHours(4) },
                Misfire = new MisfireRule { Grace = TimeSpan.FromHours(1) },
                Budget = new MonitorBudget { Tick = new Budget { Tokens = 20_000 }, Day = new Budget { Tokens = 50_000 } },
            },
            _ => ChatReply.Say("Done.") with { Usage = new ChatReplyUsage(14_000, 3_000) });
        for (int i = 0; i < 6; i++)
        {
            await bench.TickAsync();
            await bench.UntilAsync(async () => (await bench.RunsAsync()).All(run => run.IsEnded));
        }

        IReadOnlyList<TickRecord> ticks = await bench.Host.Monitors.GetHistoryAsync("shop");
        // Due at 04:00, 08:00, ... and, of the next day, 00:00.
        Assert.That(ticks.Reverse().Select(tick => tick.Run is not null),
            Is.EqualTo(new[] { true, true, true, false, false, true }));
        Assert.That(ticks[1].Note, Does.Contain("budget of the day"));
        Assert.That(
            (await bench.RunsAsync()).Reverse().Select(run => run.Budget!.Granted.Tokens),
            Is.EqualTo(new long?[] { 20_000, 20_000, 16_000, 20_000 }), "what is left of the day");
    }

    [Test]
    public async Task Wake_Refused_IsNotedAndLaterTicksLook()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(
            monitor => Watched(monitor) with
            {
                Budget = new MonitorBudget { Tick = new Budget { Tokens = 20_000 }, Day = new Budget { Tokens = 20_000 } },
            },
            _ => ChatReply.Say("It is the database."));
        KillOrders kills = bench.Host.Get<KillOrders>();
        await kills.EngageAsync(KillScope.Agent, "watcher", Caller.Local, "under repair");
        bench.IsDown = true;
        await bench.TickAsync();
        Assert.That((await bench.LastTickAsync()).Note, Does.Contain("not woken: ").And.Contain("stopped agent 'watcher'"));

        bench.IsDown = false;
        await bench.TickAsync(3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((await bench.LastTickAsync()).Outcome, Is.EqualTo(TickOutcome.Quiet));
            Assert.That((await bench.IncidentAsync()).State, Is.EqualTo(IncidentState.Resolved));
            Assert.That((await bench.Host.Monitors.GetAsync("shop")).Totals,
                Is.EqualTo(new TickTotals { Ran = 4, Spared = 4, Incidents = 1 }));
        }

        await kills.ReleaseAsync(KillScope.Agent, "watcher", Caller.Local);
        bench.IsDown = true;
        await bench.TickAsync();
        Assert.That((await bench.RunsAsync()).Single().Budget!.Granted.Tokens, Is.EqualTo(20_000), "the refused grant came back");
    }

    [Test]
    public async Task Notes_WrittenByARun_AreToldToTheNext()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(
            monitor => Watched(monitor) with { Signals = [], Memory = new MemoryLimits { Notes = 2 } },
            request => request.Turn == 0
                ? ChatReply.Call("monitor_memory",
                    new { note = $"Note {request.Index}.", question = request.Index == 0 ? "Why Mondays?" : null })
                : ChatReply.Say("Done."));
        for (int i = 0; i < 3; i++)
        {
            await bench.TickAsync();
            await bench.UntilAsync(async () => (await bench.RunsAsync()).All(run => run.IsEnded));
        }

        MonitorNotes notes = (await bench.Host.Monitors.GetAsync("shop")).Notes;
        Assert.That(notes.Items.Select(note => note.Text), Is.EqualTo(new[] { "Why Mondays?", "Note 4." }),
            "the oldest note went");
        Assert.That((await bench.RunsAsync())[0].Goal, Does.Contain("Why Mondays?").And.Contain("Note 2."));
    }

    [Test]
    public async Task Response_RunbookAllowsOneAction_ActsVerifiesAndResolves()
    {
        MonitorBench? bench = null;
        AgentTool restart = AgentTool.Create("restart", "Restarts.", ToolEffect.Idempotent, () =>
        {
            bench!.IsDown = false;
            return "restarted";
        });
        AgentTool drop = AgentTool.Create("drop_database", "Drops.", ToolEffect.NotIdempotent, () => "dropped");
        AgentTool look = AgentTool.Create("read_log", "Reads.", ToolEffect.None, () => "out of memory");
        bench = await MonitorBench.StartAsync(
            monitor => Watched(monitor) with
            {
                Response = new ResponseRules
                {
                    Runbook = "---\nactions: [restart]\n---\nRestart the service, once.",
                    VerifyWithin = TimeSpan.FromMinutes(30)
                },
            },
            request => request.Turn == 0 ? ChatReply.Call("restart", new { }) : ChatReply.Say("I restarted it."),
            [restart, drop, look]);
        await using MonitorBench disposed = bench;
        bench.IsDown = true;
        await bench.TickAsync();
        await bench.UntilAsync(async () => (await bench.IncidentAsync()).State == IncidentState.Mitigated);
        await bench.TickAsync(2);
        await bench.UntilAsync(async () => (await bench.IncidentAsync()).Timeline.Any(entry => entry.Kind == IncidentEntryKind.Verified));

        Incident incident = await bench.IncidentAsync();
        Assert.That(incident.State, Is.EqualTo(IncidentState.Resolved));
        Assert.That(incident.Timeline.Select(entry => entry.Kind), Is.EqualTo(new[]
        {
            IncidentEntryKind.Opened, IncidentEntryKind.Response, IncidentEntryKind.ResponseEnded, IncidentEntryKind.Resolved,
            IncidentEntryKind.Verified,
        }));
        Assert.That(incident.Timeline[2].By, Is.EqualTo($"run:{incident.Runs.Single()}"));
        Assert.That(incident.Timeline[2].Text, Does.Contain("I restarted it."));
        Assert.That(incident.Timeline[4].Text, Does.Contain("recovered"));
        ChatRequest asked = bench.Model.Requests[0];
        Assert.That(asked.Tools, Does.Contain("restart").And.Contain("read_log").And.Not.Contain("drop_database"));
        Assert.That(asked.Body.GetRawText(), Does.Contain("Restart the service, once."));
    }

    [Test]
    public async Task Response_ThatDoesNotHelp_IsSaidToHaveFailed()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync(
            monitor => Watched(monitor) with
            {
                Response = new ResponseRules
                {
                    Runbook = "Look.",
                    VerifyWithin = TimeSpan.FromMinutes(1)
                }
            },
            _ => ChatReply.Say("I may only look."));
        bench.IsDown = true;
        await bench.TickAsync();
        await bench.UntilAsync(async () => (await bench.IncidentAsync()).Timeline.Any(entry => entry.Kind == IncidentEntryKind.Verified));
        Assert.That((await bench.IncidentAsync()).Timeline[^1].Text, Does.Contain("not recovered"));
    }

    [Test]
    public async Task Pause_HoldsTheMonitorAndResumeMakesUpForNothing()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        await bench.TickAsync();
        MonitorView paused = await bench.Host.Monitors.PauseAsync("shop", "ada");
        Assert.That(paused.NextDue, Is.Null);
        bench.Time.Advance(TimeSpan.FromHours(3));
        string manual = await bench.Host.Monitors.RunNowAsync("shop", "ada");
        await bench.UntilAsync(async () => (await bench.LastTickAsync()).Id == manual);
        await bench.Host.Monitors.ResumeAsync("shop", "ada");
        bench.Time.Advance(TimeSpan.FromMinutes(5));
        await bench.UntilAsync(async () => (await bench.Host.Monitors.GetHistoryAsync("shop")).Count == 3);

        IReadOnlyList<TickRecord> ticks = await bench.Host.Monitors.GetHistoryAsync("shop");
        Assert.That(ticks.Select(tick => tick.Manual), Is.EqualTo(new bool?[] { null, true, null }));
        Assert.That((await bench.Host.Monitors.GetAsync("shop")).Totals.Skipped, Is.Zero);
        Assert.That(
            await bench.Host.Get<AuditLog>().ReadAsync()
                .Where(static entry => entry.Type == AuditTypes.MonitorCommanded && entry.Actor == "ada")
                .Select(static entry => entry.Reason).ToListAsync(),
            Is.EqualTo(new[] { "paused monitor 'shop'", "asked monitor 'shop' for a tick", "resumed monitor 'shop'" }));
    }

    [Test]
    public async Task RunNow_TwiceInOneMoment_RunsTwoTicks()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        await bench.TickAsync();
        string first = await bench.Host.Monitors.RunNowAsync("shop", "ada");
        await bench.UntilAsync(async () => (await bench.LastTickAsync()).Id == first);
        bench.Time.Step(TimeSpan.FromSeconds(-20));
        string second = await bench.Host.Monitors.RunNowAsync("shop", "eve");
        await bench.UntilAsync(async () => (await bench.LastTickAsync()).Id == second);

        Assert.That(
            (await bench.Host.Monitors.GetHistoryAsync("shop")).Select(static tick => tick.Id), Is.Unique.And.Exactly(3).Items,
            "nor is one taken for a tick by schedule");
    }

    [Test]
    public async Task Misfire_HostSlept_ReportsWhatWasLeftOut()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        await bench.TickAsync();
        bench.Time.Step(TimeSpan.FromMinutes(52));
        await bench.UntilAsync(async () => (await bench.Host.Monitors.GetHistoryAsync("shop")).Count == 3);

        IReadOnlyList<TickRecord> ticks = await bench.Host.Monitors.GetHistoryAsync("shop");
        Assert.That(ticks.Select(tick => (tick.Outcome, tick.Count)), Is.EqualTo(new (TickOutcome, int?)[]
        {
            (TickOutcome.Quiet, null), (TickOutcome.Skipped, 9), (TickOutcome.Quiet, null),
        }));
        Assert.That(ticks[0].Due, Is.EqualTo(MonitorBench.Start.AddMinutes(55)));
    }

    [Test]
    public async Task Delete_EndsTheMonitorAndItCanBeMadeAgain()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        await bench.TickAsync();
        await bench.Host.Monitors.DeleteAsync("shop");
        Assert.That(
            async () => await bench.Host.Monitors.GetAsync("shop"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.MonitorNotFound));

        (MonitorView again, bool isNew) = await bench.Host.Monitors.PutAsync(MonitorBench.Definition(bench.Server.Url));
        Assert.That(isNew);
        Assert.That(again.Totals.Ran, Is.Zero);
        bench.Time.Advance(TimeSpan.FromMinutes(5));
        await bench.UntilAsync(async () => (await bench.Host.Monitors.GetAsync("shop")).Totals.Ran == 1
            && (await bench.Host.Monitors.GetHistoryAsync("shop")).Count == 2);
    }

    [Test]
    public async Task MadeAgain_WhileTheLoopOfTheDeletedOneEnds_LooksWithALoopOfItsOwn()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        MonitorStore store = bench.Host.Get<MonitorStore>();
        (MonitorRecord deleted, _) = (await store.FindAsync("shop", default))!.Value;
        await bench.Host.Monitors.DeleteAsync("shop");
        await bench.Host.Monitors.PutAsync(MonitorBench.Definition(bench.Server.Url));
        (MonitorRecord made, _) = (await store.FindAsync("shop", default))!.Value;
        OrchestrationState ended = await bench.Host.Get<IOrchestrationClient>().WaitForCompletionAsync(MonitorLoop.InstanceIdOf(deleted));
        await bench.TickAsync(2);

        Assert.That(ended.Status, Is.EqualTo(OrchestrationStatus.Completed));
        Assert.That(MonitorLoop.InstanceIdOf(made), Is.Not.EqualTo(MonitorLoop.InstanceIdOf(deleted)));
        RunTickResult late = await bench.Host.Get<RunTickActivity>().RunAsync(
            new ActivityContext(MonitorLoop.InstanceIdOf(deleted), MonitorStepNames.RunTick, 1, default),
            new RunTickInput("shop", bench.Time.GetUtcNow().AddHours(1)));
        Assert.That(late.Ran, Is.False, "a tick of the deleted monitor does not run as one of the new one");
    }

    [Test]
    public async Task Record_OfAnEarlierVersion_KeepsTheLoopOfItsName()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        MonitorStore store = bench.Host.Get<MonitorStore>();
        (MonitorRecord made, string etag) = (await store.FindAsync("shop", default))!.Value;
        await store.PutAsync(made with { Loop = null }, etag, default);
        await bench.Host.Monitors.EnsureRunningAsync();
        await bench.TickAsync();

        OrchestrationState loop = (await bench.Host.Get<IOrchestrationClient>().GetAsync("monitor-shop"))!;
        Assert.That(loop.IsEnded, Is.False);
        Assert.That(await bench.Host.Get<IRecordStore>().GetAsync("monitor-memory/shop"), Is.Not.Null, "it is kept where it was");
        await bench.Host.Monitors.PutAsync(Watched(MonitorBench.Definition(bench.Server.Url)));
        Assert.That((await store.FindAsync("shop", default))!.Value.Value.Loop, Is.Null, "a change leaves its loop");
    }

    private static MonitorDefinition Watched(MonitorDefinition monitor) =>
        monitor with { Agent = "watcher", Goal = "Find the cause." };
}
