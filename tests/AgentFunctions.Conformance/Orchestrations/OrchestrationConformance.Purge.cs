using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>Purge, of one instance and of trees.</summary>
public abstract partial class OrchestrationConformance
{
    [Test]
    public async Task Purge_Ended_LeavesNothing()
    {
        Registry.AddActivity<int, int>("echo", (_, value) => Task.FromResult(value));
        OrchestrationState state = await RunAsync(context => context.CallActivityAsync<int>("echo", 1));
        Assert.That(await Client.PurgeAsync(state.InstanceId, Cancel), Is.EqualTo(1));
        Assert.That(await Client.GetAsync(state.InstanceId, true, Cancel), Is.Null);
        Assert.That(await HistoryOf(state.InstanceId), Is.Empty);
        Assert.That(await Client.PurgeAsync(state.InstanceId, Cancel), Is.Zero);
    }

    [Test]
    public async Task Purge_Running_DoesNothing()
    {
        string id = await BeginAsync(context => context.WaitForExternalEventAsync<int>("go"));
        Assert.That(await Client.PurgeAsync(id, Cancel), Is.Zero);
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(1));
    }

    [Test]
    public async Task Purge_Parent_TakesItsChildren()
    {
        Registry.AddOrchestrator<int, int>("leaf", (_, value) => Task.FromResult(value));
        Registry.AddOrchestrator<int, int>("child", (context, value) =>
            context.CallSubOrchestratorAsync<int>("leaf", value, new SubOrchestrationOptions("the-leaf")));
        OrchestrationState state = await RunAsync(context =>
            context.CallSubOrchestratorAsync<int>("child", 1, new SubOrchestrationOptions("the-child")));
        Assert.That(await Client.PurgeAsync(state.InstanceId, Cancel), Is.EqualTo(3));
        Assert.That(await Client.GetAsync("the-child", true, Cancel), Is.Null);
        Assert.That(await Client.GetAsync("the-leaf", true, Cancel), Is.Null);
    }

    [Test]
    public async Task Purge_Unknown_DoesNothing()
    {
        await StartHostAsync();
        Assert.That(await Client.PurgeAsync("nobody", Cancel), Is.Zero);
    }

    [Test]
    public async Task Purge_IdUsedAgain_HasOnlyItsOwnHistory()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        await ScheduleAndEndAsync("again");
        int events = (await HistoryOf("again")).Count;
        Assert.That(events, Is.Positive);

        await Client.PurgeAsync("again", Cancel);
        Assert.That(await HistoryOf("again"), Is.Empty);
        await ScheduleAndEndAsync("again");

        Assert.That(await HistoryOf("again"), Has.Count.EqualTo(events));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Purge_Id_TakesAllThatBeginWithItAndADot(bool isThere)
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        string[] below = ["lead.a", "lead.a.b", "lead.c"];
        string[] others = ["leader.a", "lead-a", "lead/a"];
        foreach (string id in (string[])[.. below, .. others, .. isThere ? ["lead"] : Array.Empty<string>()])
        {
            await ScheduleAndEndAsync(id);
        }

        Assert.That(await Client.PurgeAsync("lead", Cancel), Is.EqualTo(isThere ? 4 : 3));

        foreach (string id in below)
        {
            Assert.That(await Client.GetAsync(id, false, Cancel), Is.Null, id);
        }

        foreach (string id in others)
        {
            Assert.That(await Client.GetAsync(id, false, Cancel), Is.Not.Null, id);
        }

        Assert.That(await Client.PurgeAsync("lead", Cancel), Is.Zero);
    }

    [Test]
    public async Task Purge_IdInAnotherCase_Stays()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        await ScheduleAndEndAsync("lead");
        await ScheduleAndEndAsync("LEAD.a");
        await ScheduleAndEndAsync("LEAD");
        Assert.That(await Client.PurgeAsync("lead", Cancel), Is.EqualTo(1));
        Assert.That(await Client.PurgeAsync("LEAD", Cancel), Is.EqualTo(2));
    }

    [Test]
    public async Task Purge_OneBelowIsAlive_KeepsWhatIsAboveAndBelowItUntilItHasEnded()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        Registry.AddOrchestrator<int, int>("waits", (context, _) => context.WaitForExternalEventAsync<int>("go"));
        await StartHostAsync();
        await Client.ScheduleAsync("waits", 0, new StartOptions { InstanceId = "lead.a.b" }, Cancel);
        foreach (string id in (string[])["lead", "lead.a", "lead.a.b.c", "lead.d"])
        {
            await ScheduleAndEndAsync(id);
        }

        Assert.That(await Client.PurgeAsync("lead", Cancel), Is.EqualTo(1), "lead.d alone");
        foreach (string id in (string[])["lead", "lead.a", "lead.a.b", "lead.a.b.c"])
        {
            Assert.That(await Client.GetAsync(id, false, Cancel), Is.Not.Null, id);
        }

        await Client.RaiseEventAsync("lead.a.b", "go", 1, Cancel);
        await EndOf("lead.a.b");
        Assert.That(await Client.PurgeAsync("lead", Cancel), Is.EqualTo(4));
    }

    [Test]
    public async Task Purge_ParentOfALiveChild_WaitsForTheChild()
    {
        Registry.AddOrchestrator<int, int>("waits", (context, _) => context.WaitForExternalEventAsync<int>("go"));
        string id = await BeginAsync(context => context.CallSubOrchestratorAsync<int>("waits", 1,
            new SubOrchestrationOptions($"{context.InstanceId}.1")));
        await Until($"{id}.1", static state => state.Status == OrchestrationStatus.Running);
        await Client.TerminateAsync(id, "over", recursive: false, Cancel);
        await EndOf(id);

        Assert.That(await Client.PurgeAsync(id, Cancel), Is.Zero);
        await Client.RaiseEventAsync($"{id}.1", "go", 1, Cancel);
        await EndOf($"{id}.1");

        Assert.That(await Client.PurgeAsync(id, Cancel), Is.EqualTo(2));
    }

    private async Task ScheduleAndEndAsync(string id)
    {
        await Client.ScheduleAsync("main", 1, new StartOptions { InstanceId = id }, Cancel);
        await EndOf(id);
    }
}
