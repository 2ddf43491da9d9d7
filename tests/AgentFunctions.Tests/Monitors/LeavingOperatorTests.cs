using AgentFunctions.Governance.Audit;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;

namespace AgentFunctions.Tests.Monitors;

/// <summary>Whoever steers a monitor or an incident leaves in the middle of it: it is carried through.</summary>
[CancelAfter(300_000)]
internal sealed class LeavingOperatorTests
{
    [Test]
    public async Task Resume_CallerLeavesOnceItIsStored_TicksAgain()
    {
        using var caller = new LeavingCaller("monitors/");
        await using MonitorBench bench = await MonitorBench.StartAsync(caller: caller);
        await bench.TickAsync();
        await bench.Host.Monitors.PauseAsync("shop", "ada");

        caller.IsAboutToLeave = true;
        await bench.Host.Monitors.ResumeAsync("shop", "ada", caller.Token);
        Assert.That(caller.Token.IsCancellationRequested);
        await bench.TickAsync();
    }

    [Test]
    public async Task Resume_CutOffByACrashBeforeTheMonitorWasTold_TellsItWhenItIsRepeated()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        await bench.TickAsync();
        await bench.Host.Monitors.PauseAsync("shop", "ada");
        MonitorStore store = bench.Host.Get<MonitorStore>();
        (MonitorRecord paused, string etag) = (await store.FindAsync("shop", CancellationToken.None))!.Value;
        await store.PutAsync(
            paused with { PausedAt = null, ActiveFrom = bench.Time.GetUtcNow() }, etag, CancellationToken.None);

        await bench.Host.Monitors.ResumeAsync("shop", "ada");
        await bench.TickAsync();
    }

    [Test]
    public async Task Delete_CallerLeavesOnceItIsAudited_IsGoneWithWhatItRemembered()
    {
        using var caller = new LeavingCaller("audit");
        await using MonitorBench bench = await MonitorBench.StartAsync(caller: caller);
        await bench.TickAsync();
        MonitorStore store = bench.Host.Get<MonitorStore>();
        (MonitorRecord deleted, _) = (await store.FindAsync("shop", CancellationToken.None))!.Value;

        caller.IsAboutToLeave = true;
        await bench.Host.Monitors.DeleteAsync("shop", "ada", caller.Token);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That(
            async () => await bench.Host.Monitors.GetAsync("shop"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.MonitorNotFound));
        Assert.That(await store.FindMemoryAsync(deleted, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task Acknowledge_CallerLeavesOnceItIsStored_NobodyIsReminded()
    {
        using var caller = new LeavingCaller("incidents/");
        await using MonitorBench bench = await StartAsync(caller);
        string id = await OpenedAsync(bench);

        caller.IsAboutToLeave = true;
        await bench.Host.Incidents.AcknowledgeAsync(id, "ada", null, caller.Token);
        Assert.That(caller.Token.IsCancellationRequested);

        await NobodyIsRemindedAsync(bench);
        Assert.That(
            await bench.Host.Get<AuditLog>().ReadAsync().CountAsync(
                static entry => entry is { Type: AuditTypes.IncidentCommanded, Actor: "ada" }),
            Is.EqualTo(1));
    }

    [Test]
    public async Task Acknowledge_CutOffByACrashBeforeTheEscalationWasTold_TellsItWhenItIsRepeated()
    {
        await using MonitorBench bench = await StartAsync(null);
        string id = await OpenedAsync(bench);
        await bench.Host.Get<IncidentStore>().UpdateAsync(
            id, static incident => incident with { State = IncidentState.Acknowledged }, CancellationToken.None);

        Assert.That(
            async () => await bench.Host.Incidents.AcknowledgeAsync(id, "ada"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.IncidentStateForbids));

        await NobodyIsRemindedAsync(bench);
    }

    private static Task<MonitorBench> StartAsync(LeavingCaller? caller) => MonitorBench.StartAsync(
        static monitor => monitor with
        {
            Escalation = [new EscalationStep { Notify = ["file"], RemindEvery = TimeSpan.FromMinutes(4) }],
        },
        caller: caller);

    private static async Task<string> OpenedAsync(MonitorBench bench)
    {
        bench.IsDown = true;
        await bench.TickAsync();
        await bench.UntilAsync(() => Task.FromResult(Told(bench) > 0));
        return (await bench.IncidentAsync()).Id;
    }

    private static async Task NobodyIsRemindedAsync(MonitorBench bench)
    {
        // A reminder may be under way already.
        await bench.TickAsync();
        int told = Told(bench);
        await bench.TickAsync(3);
        Assert.That(Told(bench), Is.EqualTo(told));
    }

    private static int Told(MonitorBench bench) =>
        File.Exists(bench.File("notifications.jsonl")) ? File.ReadAllLines(bench.File("notifications.jsonl")).Length : 0;
}
