using AgentFunctions.Durability;
using AgentFunctions.TestKit;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>Suspend, resume and terminate.</summary>
public abstract partial class OrchestrationConformance
{
    [Test]
    public async Task Suspend_StepReturnsMeanwhile_NextStepWaitsForResume()
    {
        var release = new TaskCompletionSource();
        int second = 0;
        Registry.AddActivity<int, int>("first", async (context, value) =>
        {
            await release.Task.WaitAsync(context.CancellationToken);
            return value;
        });
        Registry.AddActivity<int, int>("second", (_, value) => Task.FromResult(Interlocked.Increment(ref second)));
        string id = await BeginAsync(async context =>
        {
            await context.CallActivityAsync<int>("first", 1);
            return await context.CallActivityAsync<int>("second", 1);
        });
        await Client.SuspendAsync(id, "look into it", Cancel);
        Assert.That((await Until(id, state => state.Status != OrchestrationStatus.Pending)).Status,
            Is.EqualTo(OrchestrationStatus.Suspended));
        release.SetResult();
        await Poll.UntilAsync(async () => (await HistoryOf(id)).OfType<TaskCompleted>().Any(), Cancel);

        Assert.That(second, Is.Zero);
        await Client.ResumeAsync(id, "fine", Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(1));
    }

    [Test]
    public async Task Suspend_EventsMeanwhile_ArriveInOrderAfterResume()
    {
        string id = await BeginAsync(async context =>
        {
            context.SetCustomStatus("waiting");
            List<int> got = [];
            while (got.Count < 5)
            {
                got.Add(await context.WaitForExternalEventAsync<int>("item"));
                context.SetCustomStatus($"got {got.Count}");
            }

            return got;
        });
        await UntilStatusIs(id, "waiting");
        await Client.RaiseEventAsync(id, "item", 0, Cancel);
        await UntilStatusIs(id, "got 1");
        await Client.SuspendAsync(id, null, Cancel);
        for (int item = 1; item < 5; item++)
        {
            await Client.RaiseEventAsync(id, "item", item, Cancel);
        }

        await Host.ForgetAsync();
        OrchestrationState held = (await Client.GetAsync(id, true, Cancel))!;
        Assert.That(held.CustomStatus, Is.EqualTo("\"got 1\""));
        Assert.That(held.Status, Is.EqualTo(OrchestrationStatus.Suspended));
        await Client.ResumeAsync(id, null, Cancel);
        Assert.That(Output<int[]>(await EndOf(id)), Is.EqualTo(Enumerable.Range(0, 5)));
    }

    [Test]
    public async Task Suspend_TimerFiresMeanwhile_CountsAfterResume()
    {
        Registry.AddOrchestrator<int, int>("main", static async (context, delay) =>
        {
            context.SetCustomStatus("waiting");
            await context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(delay));
            context.SetCustomStatus("fired");
            return 1;
        });
        await StartHostAsync();
        string id = "";
        bool isMeanwhile = false;
        // A timer that was faster than the suspension proves nothing: a later one is taken.
        for (int attempt = 1; !isMeanwhile; attempt++)
        {
            id = await Client.ScheduleAsync("main", 100 * attempt * attempt, null, Cancel);
            await Until(id, static state => state.CustomStatus is not null);
            await Client.SuspendAsync(id, null, Cancel);
            List<HistoryEvent> history = await Poll.ForAsync(
                () => HistoryOf(id), static read => read.OfType<TimerFired>().Any(), Cancel);
            isMeanwhile = history.TakeWhile(static one => one is not TimerFired).OfType<ExecutionSuspended>().Any();
        }

        Assert.That((await Client.GetAsync(id, true, Cancel))!.CustomStatus, Is.EqualTo("\"waiting\""));
        await Client.ResumeAsync(id, null, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(1));
    }

    [Test]
    public async Task Suspend_Twice_OneResumeIsEnough()
    {
        // DurableTask.Core, TaskOrchestrationContext.HandleEventWhileSuspended: a suspension while suspended is dropped.
        string id = await BeginAsync(context => context.WaitForExternalEventAsync<int>("go"));
        await Client.SuspendAsync(id, null, Cancel);
        await Client.SuspendAsync(id, null, Cancel);
        await Client.RaiseEventAsync(id, "go", 4, Cancel);
        await Client.ResumeAsync(id, null, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(4));
    }

    [Test]
    public async Task Resume_OfRunningInstance_ChangesNothing()
    {
        string id = await BeginAsync(context => context.WaitForExternalEventAsync<int>("go"));
        await Client.ResumeAsync(id, null, Cancel);
        await Client.RaiseEventAsync(id, "go", 4, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(4));
    }

    [Test]
    public async Task Suspend_Reasons_AreInTheHistory()
    {
        string id = await BeginAsync(context => context.WaitForExternalEventAsync<int>("go"));
        await Client.SuspendAsync(id, "why not", Cancel);
        await Client.ResumeAsync(id, "why", Cancel);
        List<HistoryEvent> history = await HistoryOf(id);
        Assert.That(history.OfType<ExecutionSuspended>().Single().Reason, Is.EqualTo("why not"));
        Assert.That(history.OfType<ExecutionResumed>().Single().Reason, Is.EqualTo("why"));
    }

    [Test]
    public async Task Suspend_AfterForgetting_IsStillSuspended()
    {
        string id = await BeginAsync(context => context.WaitForExternalEventAsync<int>("go"));
        await Until(id, state => state.Status == OrchestrationStatus.Running);
        await Client.SuspendAsync(id, null, Cancel);
        await Until(id, state => state.Status == OrchestrationStatus.Suspended);
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(id, "go", 4, Cancel);
        Assert.That((await Client.GetAsync(id, true, Cancel))!.Status, Is.EqualTo(OrchestrationStatus.Suspended));
        await Host.ForgetAsync();
        await Client.ResumeAsync(id, null, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(4));
    }

    [Test]
    public async Task Control_OfUnknownInstance_IsRefused()
    {
        await StartHostAsync();
        await ThrowsAsync(ErrorCode.InstanceNotFound, () => Client.SuspendAsync("nobody", null, Cancel));
        await ThrowsAsync(ErrorCode.InstanceNotFound, () => Client.ResumeAsync("nobody", null, Cancel));
        await ThrowsAsync(ErrorCode.InstanceNotFound, () => Client.TerminateAsync("nobody", null, true, Cancel));
        await ThrowsAsync(ErrorCode.InstanceNotFound, () => Client.WaitForCompletionAsync("nobody", Cancel));
    }

    [Test]
    public async Task Terminate_Waiting_EndsWithTheOutput()
    {
        string id = await BeginAsync(context => context.WaitForExternalEventAsync<int>("never"));
        await Client.TerminateAsync(id, "enough", true, Cancel);
        OrchestrationState state = await EndOf(id);
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Terminated));
        Assert.That(state.Output, Is.EqualTo("\"enough\""));
        Assert.That((await HistoryOf(id))[^1], Is.InstanceOf<ExecutionTerminated>());
    }

    [Test]
    public async Task Terminate_Suspended_Ends()
    {
        string id = await BeginAsync(context => context.WaitForExternalEventAsync<int>("never"));
        await Client.SuspendAsync(id, null, Cancel);
        await Client.TerminateAsync(id, null, true, Cancel);
        Assert.That((await EndOf(id)).Status, Is.EqualTo(OrchestrationStatus.Terminated));
    }

    [Test]
    public async Task Terminate_ActivityInFlight_IsCancelledAndItsResultDropped()
    {
        var started = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        Registry.AddActivity<int, int>("long", async (context, value) =>
        {
            started.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }
            catch (OperationCanceledException)
            {
                cancelled.SetResult();
            }

            return value;
        });
        string id = await BeginAsync(context => context.CallActivityAsync<int>("long", 1));
        await started.Task.WaitAsync(Cancel);
        await Client.TerminateAsync(id, null, true, Cancel);
        Assert.That((await EndOf(id)).Status, Is.EqualTo(OrchestrationStatus.Terminated));
        await cancelled.Task.WaitAsync(Cancel);
        Assert.That((await HistoryOf(id)).OfType<TaskCompleted>(), Is.Empty);
    }

    [Test]
    public async Task Terminate_Recursive_EndsTheWholeTree()
    {
        Registry.AddOrchestrator<int, int>("leaf", (context, _) => context.WaitForExternalEventAsync<int>("never"));
        Registry.AddOrchestrator<string, int>("child", (context, name) =>
            context.CallSubOrchestratorAsync<int>("leaf", 0, new SubOrchestrationOptions(name + "-leaf")));
        string id = await BeginAsync(async context => (await Task.WhenAll(
            context.CallSubOrchestratorAsync<int>("child", "a", new SubOrchestrationOptions("a")),
            context.CallSubOrchestratorAsync<int>("child", "b", new SubOrchestrationOptions("b")))).Length);
        foreach (string leaf in (string[])["a-leaf", "b-leaf"])
        {
            await Until(leaf, state => state.Status == OrchestrationStatus.Running);
        }

        await Client.TerminateAsync(id, "all", true, Cancel);
        foreach (string member in (string[])[id, "a", "b", "a-leaf", "b-leaf"])
        {
            Assert.That((await EndOf(member)).Status, Is.EqualTo(OrchestrationStatus.Terminated), member);
        }
    }

    [Test]
    public async Task Terminate_NotRecursive_LeavesTheChildren()
    {
        Registry.AddOrchestrator<int, int>("child", (context, _) => context.WaitForExternalEventAsync<int>("go"));
        string id = await BeginAsync(context => context.CallSubOrchestratorAsync<int>("child", 0,
            new SubOrchestrationOptions("child")));
        await Until("child", state => state.Status == OrchestrationStatus.Running);
        await Client.TerminateAsync(id, null, false, Cancel);
        await EndOf(id);
        await Client.RaiseEventAsync("child", "go", 5, Cancel);
        Assert.That(Output<int>(await EndOf("child")), Is.EqualTo(5));
        Assert.That((await Client.GetAsync(id, true, Cancel))!.Status, Is.EqualTo(OrchestrationStatus.Terminated));
    }

    [Test]
    public async Task Terminate_Ended_ChangesNothing()
    {
        OrchestrationState state = await RunAsync(_ => Task.FromResult(1));
        await Client.TerminateAsync(state.InstanceId, "too late", true, Cancel);
        Assert.That(await Client.GetAsync(state.InstanceId, true, Cancel), Is.EqualTo(state));
    }
}
