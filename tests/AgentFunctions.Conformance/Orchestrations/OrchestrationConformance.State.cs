using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>Ids, states, queries and histories.</summary>
public abstract partial class OrchestrationConformance
{
    [Test]
    public async Task Get_Unknown_IsNull()
    {
        await StartHostAsync();
        Assert.That(await Client.GetAsync("nobody", true, Cancel), Is.Null);
        Assert.That(await HistoryOf("nobody"), Is.Empty);
    }

    [Test]
    public async Task Get_WithoutPayloads_LeavesThemOut()
    {
        OrchestrationState ended = await RunAsync((context, input) =>
        {
            context.SetCustomStatus("status");
            return Task.FromResult(input);
        }, "payload");
        OrchestrationState state = (await Client.GetAsync(ended.InstanceId, false, Cancel))!;
        Assert.That((state.Input, state.Output, state.CustomStatus), Is.EqualTo(((string?)null, (string?)null, (string?)null)));
        Assert.That((ended.Input, ended.Output, ended.CustomStatus), Is.EqualTo(("\"payload\"", "\"payload\"", "\"status\"")));
    }

    [Test]
    public async Task Get_Ended_HasNameAndTimes()
    {
        DateTimeOffset before = DateTimeOffset.UtcNow.AddSeconds(-1);
        OrchestrationState state = await RunAsync(_ => Task.FromResult(1));
        Assert.That(state.Name, Is.EqualTo("main"));
        Assert.That(state.CreatedAt, Is.InRange(before, DateTimeOffset.UtcNow.AddSeconds(1)));
        Assert.That(state.LastUpdatedAt, Is.GreaterThanOrEqualTo(state.CreatedAt));
        Assert.That(state.IsEnded, Is.True);
    }

    [Test]
    public async Task Wait_ForEnded_ReturnsAtOnce()
    {
        OrchestrationState state = await RunAsync(_ => Task.FromResult(1));
        Assert.That(await EndOf(state.InstanceId), Is.EqualTo(state));
    }

    [Test]
    public async Task Wait_Cancelled_ThrowsAndLeavesTheInstance()
    {
        string id = await BeginAsync(context => context.WaitForExternalEventAsync<int>("go"));
        using var cancel = new CancellationTokenSource();
        Task<OrchestrationState> wait = Client.WaitForCompletionAsync(id, cancel.Token);
        await cancel.CancelAsync();
        Assert.That(async () => await wait, Throws.InstanceOf<OperationCanceledException>());
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(1));
    }

    [Test]
    public async Task InstanceId_Taken_IsRefused()
    {
        string id = await BeginAsync(context => context.WaitForExternalEventAsync<int>("go"));
        await ThrowsAsync(ErrorCode.InstanceExists,
            () => Client.ScheduleAsync("main", 1, new StartOptions { InstanceId = id }, Cancel));
        await Client.RaiseEventAsync(id, "go", 3, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(3));
        await ThrowsAsync(ErrorCode.InstanceExists,
            () => Client.ScheduleAsync("main", 1, new StartOptions { InstanceId = id }, Cancel));
    }

    [Test]
    public async Task InstanceId_RacedFor_GoesToOne()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        Task<string>[] attempts = [.. Enumerable.Range(0, 20).Select(value =>
            Client.ScheduleAsync("main", value, new StartOptions { InstanceId = "one" }, Cancel))];
        await Task.WhenAll(attempts.Select(attempt => attempt.ContinueWith(_ => { }, Cancel, TaskContinuationOptions.None,
            TaskScheduler.Default)));
        Assert.That(attempts.Count(attempt => attempt.IsCompletedSuccessfully), Is.EqualTo(1));
        int winner = Array.FindIndex(attempts, attempt => attempt.IsCompletedSuccessfully);
        Assert.That(Output<int>(await EndOf("one")), Is.EqualTo(winner));
    }

    [Test]
    public async Task InstanceId_OfEnded_IsReusedWhereAllowed()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        var options = new StartOptions { InstanceId = "again", ReplaceableStatuses = [OrchestrationStatus.Completed] };
        await Client.ScheduleAsync("main", 1, options, Cancel);
        Assert.That(Output<int>(await EndOf("again")), Is.EqualTo(1));
        await Client.ScheduleAsync("main", 2, options, Cancel);
        Assert.That(Output<int>(await EndOf("again")), Is.EqualTo(2));
        Assert.That((await HistoryOf("again")).OfType<ExecutionStarted>().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task InstanceId_OfRunning_IsReusedWhereAllowed()
    {
        Registry.AddOrchestrator<int, int>("main", async (context, value) =>
        {
            context.SetCustomStatus($"run {value}");
            return value + await context.WaitForExternalEventAsync<int>("go");
        });
        await StartHostAsync();
        var options = new StartOptions
        {
            InstanceId = "again",
            ReplaceableStatuses = [OrchestrationStatus.Pending, OrchestrationStatus.Running]
        };
        await Client.ScheduleAsync("main", 1, options, Cancel);
        await UntilStatusIs("again", "run 1");
        await Client.ScheduleAsync("main", 2, options, Cancel);
        await UntilStatusIs("again", "run 2");
        await Client.RaiseEventAsync("again", "go", 10, Cancel);
        Assert.That(Output<int>(await EndOf("again")), Is.EqualTo(12));
    }

    [Test]
    public async Task InstanceId_AfterPurge_IsFree()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        var options = new StartOptions { InstanceId = "free" };
        await Client.ScheduleAsync("main", 1, options, Cancel);
        await EndOf("free");
        await Client.PurgeAsync("free", Cancel);
        await Client.ScheduleAsync("main", 2, options, Cancel);
        Assert.That(Output<int>(await EndOf("free")), Is.EqualTo(2));
    }

    [TestCase("")]
    [TestCase("line\nbreak")]
    public async Task InstanceId_Unfit_IsRefused(string id)
    {
        await StartHostAsync();
        await ThrowsAsync(ErrorCode.InvalidInput,
            () => Client.ScheduleAsync("main", 1, new StartOptions { InstanceId = id }, Cancel));
    }

    [Test]
    public async Task InstanceId_TooLong_IsRefused()
    {
        await StartHostAsync();
        var options = new StartOptions { InstanceId = new string('x', 257) };
        await ThrowsAsync(ErrorCode.InvalidInput, () => Client.ScheduleAsync("main", 1, options, Cancel));
    }

    [Test]
    public async Task CustomStatus_WhileRunning_IsVisible()
    {
        string id = await BeginAsync(async context =>
        {
            context.SetCustomStatus(new { done = 1, of = 2 });
            await context.WaitForExternalEventAsync<int>("go");
            context.SetCustomStatus(null);
            return 1;
        });
        OrchestrationState state = await Until(id, state => state.CustomStatus is not null);
        Assert.That(state.CustomStatus, Is.EqualTo("""{"done":1,"of":2}"""));
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Running));
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        Assert.That((await EndOf(id)).CustomStatus, Is.Null);
    }

    [Test]
    public async Task CustomStatus_AfterForgetting_IsStillThere()
    {
        string id = await BeginAsync(async context =>
        {
            context.SetCustomStatus("here");
            await context.WaitForExternalEventAsync<int>("one");
            return await context.WaitForExternalEventAsync<int>("two");
        });
        await UntilStatusIs(id, "here");
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(id, "one", 1, Cancel);
        await Host.ForgetAsync();
        Assert.That((await Client.GetAsync(id, true, Cancel))!.CustomStatus, Is.EqualTo("\"here\""));
    }

    [Test]
    public async Task CustomStatus_BeyondTheLimit_FailsTheInstance()
    {
        OrchestrationState state = await RunAsync(context =>
        {
            context.SetCustomStatus(new string('x', 2 * 1024 * 1024));
            return Task.FromResult(1);
        });
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.PayloadTooLarge), Is.True);
    }

    [Test]
    public async Task LastUpdatedAt_MovesWithEveryTurn()
    {
        string id = await BeginAsync(async context =>
        {
            await context.WaitForExternalEventAsync<int>("one");
            return await context.WaitForExternalEventAsync<int>("two");
        });
        DateTimeOffset before = (await Until(id, state => state.Status == OrchestrationStatus.Running)).LastUpdatedAt;
        await Task.Delay(20, Cancel);
        await Client.RaiseEventAsync(id, "one", 1, Cancel);
        OrchestrationState after = await Until(id, state => state.LastUpdatedAt > before);
        Assert.That(after.Status, Is.EqualTo(OrchestrationStatus.Running));
    }

    [Test]
    public async Task Query_Pages_HaveEveryInstanceOnceInOrder()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        List<string> ids = [];
        for (int value = 0; value < 25; value++)
        {
            ids.Add(await Client.ScheduleAsync("main", value, null, Cancel));
        }

        List<string> found = [];
        List<int> sizes = [];
        var query = new OrchestrationQuery { PageSize = 10 };
        while (true)
        {
            Page<OrchestrationState> page = await Client.QueryAsync(query, Cancel);
            found.AddRange(page.Items.Select(state => state.InstanceId));
            sizes.Add(page.Items.Count);
            if (page.ContinuationToken is null)
            {
                break;
            }

            query = query with { ContinuationToken = page.ContinuationToken };
        }

        Assert.That(found, Is.EqualTo(ids));
        Assert.That(sizes, Is.EqualTo(new[] { 10, 10, 5 }));
    }

    [Test]
    public async Task Query_Statuses_Filter()
    {
        Registry.AddOrchestrator<int, int>("fails", (_, _) => throw new InvalidOperationException("bad"));
        Registry.AddOrchestrator<int, int>("waits", (context, _) => context.WaitForExternalEventAsync<int>("never"));
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        await EndOf(await Client.ScheduleAsync("fails", 1, new StartOptions { InstanceId = "failed" }, Cancel));
        await EndOf(await Client.ScheduleAsync("main", 1, new StartOptions { InstanceId = "completed" }, Cancel));
        await Client.ScheduleAsync("waits", 1, new StartOptions { InstanceId = "running" }, Cancel);
        await Until("running", state => state.Status == OrchestrationStatus.Running);
        Assert.That(await IdsAsync(new OrchestrationQuery { Statuses = [OrchestrationStatus.Failed] }),
            Is.EqualTo(new[] { "failed" }));
        Assert.That(
            await IdsAsync(new OrchestrationQuery { Statuses = [OrchestrationStatus.Running, OrchestrationStatus.Completed] }),
            Is.EqualTo(new[] { "completed", "running" }));
        Assert.That(await IdsAsync(new OrchestrationQuery { Statuses = [OrchestrationStatus.Suspended] }), Is.Empty);
    }

    [Test]
    public async Task Query_Prefix_Filters()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        foreach (string id in (string[])["team-a/1", "team-a/2", "team-b/1", "TEAM-A/3", "team_a%"])
        {
            await Client.ScheduleAsync("main", 1, new StartOptions { InstanceId = id }, Cancel);
        }

        Assert.That(await IdsAsync(new OrchestrationQuery { InstanceIdPrefix = "team-a/" }),
            Is.EqualTo(new[] { "team-a/1", "team-a/2" }));
        Assert.That(await IdsAsync(new OrchestrationQuery { InstanceIdPrefix = "team_a%" }), Is.EqualTo(new[] { "team_a%" }));
    }

    [Test]
    public async Task Query_Created_Filters()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        await Client.ScheduleAsync("main", 1, new StartOptions { InstanceId = "older" }, Cancel);
        await Task.Delay(20, Cancel);
        await Client.ScheduleAsync("main", 1, new StartOptions { InstanceId = "newer" }, Cancel);
        // Where an execution that begins is counted as created then, the time stands when it has ended.
        DateTimeOffset older = (await Client.WaitForCompletionAsync("older", Cancel)).CreatedAt;
        DateTimeOffset newer = (await Client.WaitForCompletionAsync("newer", Cancel)).CreatedAt;
        Assert.That(await IdsAsync(new OrchestrationQuery { CreatedFrom = newer }), Is.EqualTo(new[] { "newer" }));
        Assert.That(await IdsAsync(new OrchestrationQuery { CreatedTo = older }), Is.EqualTo(new[] { "older" }));
        Assert.That(await IdsAsync(new OrchestrationQuery { CreatedFrom = older, CreatedTo = newer }),
            Is.EqualTo(new[] { "older", "newer" }));
    }

    [Test]
    public async Task Query_Payloads_ComeWhenAskedFor()
    {
        OrchestrationState state = await RunAsync((_, input) => Task.FromResult(input), "payload");
        Page<OrchestrationState> without = await Client.QueryAsync(new OrchestrationQuery(), Cancel);
        Page<OrchestrationState> with = await Client.QueryAsync(new OrchestrationQuery { IncludePayloads = true }, Cancel);
        Assert.That(without.Items.Single().Output, Is.Null);
        Assert.That(with.Items.Single(), Is.EqualTo(state));
    }

    [TestCase(0)]
    [TestCase(1_001)]
    public async Task Query_PageSizeOutOfRange_IsRefused(int size)
    {
        await StartHostAsync();
        await ThrowsAsync(ErrorCode.InvalidInput, () => Client.QueryAsync(new OrchestrationQuery { PageSize = size }, Cancel));
    }

    [Test]
    public async Task Query_ForeignToken_IsRefused()
    {
        await StartHostAsync();
        await ThrowsAsync(ErrorCode.InvalidInput,
            () => Client.QueryAsync(new OrchestrationQuery { ContinuationToken = "no token" }, Cancel));
    }

    [Test]
    public async Task History_OfASequence_TellsItInOrder()
    {
        Registry.AddActivity<int, int>("echo", (_, value) => Task.FromResult(value));
        string id = await BeginAsync(async context => await context.CallActivityAsync<int>("echo", 1)
            + await context.CallActivityAsync<int>("echo", 2));
        await EndOf(id);
        List<HistoryEvent> history = await HistoryOf(id);
        Assert.That(
            history.Where(step => step is not TurnStarted).Select(step => step.GetType().Name),
            Is.EqualTo(new[]
            {
                nameof(ExecutionStarted), nameof(TaskScheduled), nameof(TaskCompleted), nameof(TaskScheduled),
                nameof(TaskCompleted),
                nameof(ExecutionCompleted),
            }));
        Assert.That(history.OfType<TaskScheduled>().Select(step => step.Input), Is.EqualTo(new[] { "1", "2" }));
        Assert.That(history.Select(step => step.Timestamp).Where(time => time == default), Is.Empty);
        Assert.That(((ExecutionStarted)history[0]).InstanceId, Is.EqualTo(id));
    }

    private async Task<List<string>> IdsAsync(OrchestrationQuery query) =>
        [.. (await Client.QueryAsync(query, Cancel)).Items.Select(state => state.InstanceId)];
}
