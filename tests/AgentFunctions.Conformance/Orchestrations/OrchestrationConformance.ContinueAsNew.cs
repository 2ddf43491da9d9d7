using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>Executions that begin again.</summary>
public abstract partial class OrchestrationConformance
{
    [Test]
    public async Task ContinueAsNew_TenTimes_EndsWithTheLastInput()
    {
        Registry.AddActivity<int, int>("next", (_, value) => Task.FromResult(value + 1));
        OrchestrationState state = await RunAsync(async (context, value) =>
        {
            int next = await context.CallActivityAsync<int>("next", value);
            if (next < 10)
            {
                context.ContinueAsNew(next);
            }

            return next;
        }, 0);
        Assert.That(Output<int>(state), Is.EqualTo(10));
        Assert.That(state.Input, Is.EqualTo("9"));
    }

    [Test]
    public async Task ContinueAsNew_HundredTimesWithoutAStep_DoesNotBlockOthers()
    {
        Registry.AddOrchestrator<int, int>("other", (_, value) => Task.FromResult(value));
        string id = await BeginAsync((context, value) =>
        {
            if (value < 100)
            {
                context.ContinueAsNew(value + 1);
            }

            return Task.FromResult(value);
        }, 0);
        Assert.That(Output<int>(await EndOf(await Client.ScheduleAsync("other", 1, null, Cancel))), Is.EqualTo(1));
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(100));
    }

    [Test]
    public async Task ContinueAsNew_History_BeginsAgain()
    {
        Registry.AddActivity<int, int>("echo", (_, value) => Task.FromResult(value));
        string id = await BeginAsync(async (context, value) =>
        {
            for (int step = 0; step < 10; step++)
            {
                await context.CallActivityAsync<int>("echo", step);
            }

            if (value < 3)
            {
                context.ContinueAsNew(value + 1);
            }

            return value;
        }, 0);
        await EndOf(id);
        List<HistoryEvent> history = await HistoryOf(id);
        Assert.That(history.OfType<ExecutionStarted>().Single().Input, Is.EqualTo("3"));
        Assert.That(history.OfType<TaskScheduled>().Count(), Is.EqualTo(10));
    }

    [Test]
    public async Task ContinueAsNew_EventsNotWaitedFor_AreCarriedOver()
    {
        string id = await BeginAsync(async (context, value) =>
        {
            int item = await context.WaitForExternalEventAsync<int>("item");
            if (value + item < 6)
            {
                context.ContinueAsNew(value + item);
                return -1;
            }

            return value + item;
        }, 0);
        for (int item = 1; item <= 3; item++)
        {
            await Client.RaiseEventAsync(id, "item", item, Cancel);
        }

        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(6));
    }

    [Test]
    public async Task ContinueAsNew_EventsNotWanted_AreDropped()
    {
        string id = await BeginAsync(async (context, value) =>
        {
            if (value == 0)
            {
                await context.WaitForExternalEventAsync<int>("go");
                context.ContinueAsNew(1, preserveUnprocessedEvents: false);
                return "";
            }

            context.SetCustomStatus("second");
            return await context.WaitForExternalEventAsync<string>("item");
        }, 0);
        await Client.RaiseEventAsync(id, "item", "old", Cancel);
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        await UntilStatusIs(id, "second");
        await Client.RaiseEventAsync(id, "item", "new", Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("new"));
    }

    [Test]
    public async Task ContinueAsNew_BurstOfEvents_EachIsSeenOnceAndInOrder()
    {
        string id = await BeginAsync<List<int>, List<int>>(async (context, seen) =>
        {
            for (int count = 0; count < 7; count++)
            {
                seen.Add(await context.WaitForExternalEventAsync<int>("item"));
            }

            if (seen.Count < 210)
            {
                context.ContinueAsNew(seen);
            }

            return seen;
        }, []);
        for (int item = 0; item < 210; item += 30)
        {
            int first = item;
            await Task.WhenAll(Enumerable.Range(first, 30).Select(number => Client.RaiseEventAsync(id, "item", number, Cancel)));
        }

        List<int> seen = Output<List<int>>(await EndOf(id))!;
        Assert.That(seen.Order(), Is.EqualTo(Enumerable.Range(0, 210)));
    }

    [Test]
    public async Task ContinueAsNew_CarriedEvents_SurviveForgetting()
    {
        string id = await BeginAsync(async (context, value) =>
        {
            if (value == 0)
            {
                await context.WaitForExternalEventAsync<int>("go");
                context.ContinueAsNew(1);
                return "";
            }

            context.SetCustomStatus("second");
            await context.WaitForExternalEventAsync<int>("go");
            return await context.WaitForExternalEventAsync<string>("item");
        }, 0);
        await Client.RaiseEventAsync(id, "ITEM", "carried", Cancel);
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        await UntilStatusIs(id, "second");
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("carried"));
    }

    [Test]
    public async Task ContinueAsNew_ThenThrow_Fails()
    {
        // DurableTask.Core, TaskOrchestrationContext.CompleteOrchestration: continue-as-new counts only on completion.
        OrchestrationState state = await RunAsync<int>(context =>
        {
            context.ContinueAsNew(1);
            throw new InvalidOperationException("after all");
        });
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(state.Failure!.Message, Is.EqualTo("after all"));
    }

    [Test]
    public async Task ContinueAsNew_WithTimerOpen_WaitsForIt()
    {
        // DurableTask.Core, TaskOrchestrationExecutor.ExecuteCore: continue-as-new is a completion, and those wait for open
        // tasks.
        OrchestrationState state = await RunAsync(async (context, value) =>
        {
            if (value is null)
            {
                DateTimeOffset due = context.CurrentTime.AddMilliseconds(100);
                _ = context.CreateTimerAsync(due);
                context.ContinueAsNew(due);
                return false;
            }

            await context.CreateTimerAsync(context.CurrentTime);
            return context.CurrentTime >= value;
        }, (DateTimeOffset?)null);
        Assert.That(Output<bool>(state), Is.True);
    }

    [Test]
    public async Task ContinueAsNew_NewGuids_DifferBetweenExecutions()
    {
        OrchestrationState state = await RunAsync<List<Guid>, List<Guid>>((context, seen) =>
        {
            seen.Add(context.NewGuid());
            if (seen.Count < 5)
            {
                context.ContinueAsNew(seen);
            }

            return Task.FromResult(seen);
        }, []);
        Assert.That(Output<List<Guid>>(state), Is.Unique);
    }

    [Test]
    public async Task ContinueAsNew_CreatedAt_StaysTheSame()
    {
        string id = await BeginAsync(async (context, value) =>
        {
            context.SetCustomStatus($"execution {value}");
            await context.WaitForExternalEventAsync<int>("go");
            context.ContinueAsNew(value + 1);
            return 0;
        }, 0);
        OrchestrationState before = await UntilStatusIs(id, "execution 0");
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        OrchestrationState after = await UntilStatusIs(id, "execution 1");
        Assert.That(after.CreatedAt, Is.EqualTo(before.CreatedAt));
        Assert.That(after.LastUpdatedAt, Is.GreaterThanOrEqualTo(before.LastUpdatedAt));
    }
}
