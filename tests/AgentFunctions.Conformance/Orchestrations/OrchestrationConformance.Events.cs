using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>External events, and events from one instance to another.</summary>
public abstract partial class OrchestrationConformance
{
    [Test]
    public async Task Event_WhileWaited_Arrives()
    {
        string id = await BeginAsync(async context =>
        {
            context.SetCustomStatus("waiting");
            return await context.WaitForExternalEventAsync<string>("answer");
        });
        await UntilStatusIs(id, "waiting");
        await Client.RaiseEventAsync(id, "answer", "yes", Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("yes"));
    }

    [Test]
    public async Task Event_BeforeItIsWaitedFor_IsKept()
    {
        string id = await BeginAsync(async context =>
        {
            await context.WaitForExternalEventAsync<string>("go");
            return await context.WaitForExternalEventAsync<string>("early");
        });
        await Client.RaiseEventAsync(id, "early", "bird", Cancel);
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(id, "go", "", Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("bird"));
    }

    [Test]
    public async Task Event_LetterCase_DoesNotCount()
    {
        string id = await BeginAsync(async context =>
            await context.WaitForExternalEventAsync<string>("ANSWER")
                + await context.WaitForExternalEventAsync<string>("answer"));
        await Client.RaiseEventAsync(id, "Answer", "a", Cancel);
        await Client.RaiseEventAsync(id, "aNSWER", "b", Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("ab"));
    }

    [Test]
    public async Task Event_SameName_ArriveInOrder()
    {
        string id = await BeginAsync(async context =>
        {
            List<int> got = [];
            while (got.Count < 20)
            {
                got.Add(await context.WaitForExternalEventAsync<int>("item"));
            }

            return got;
        });
        for (int item = 0; item < 20; item++)
        {
            await Client.RaiseEventAsync(id, "item", item, Cancel);
        }

        Assert.That(Output<int[]>(await EndOf(id)), Is.EqualTo(Enumerable.Range(0, 20)));
    }

    [Test]
    public async Task Event_OtherName_DoesNotArrive()
    {
        string id = await BeginAsync(async context =>
        {
            Task<string> first = context.WaitForExternalEventAsync<string>("first");
            Task<string> second = context.WaitForExternalEventAsync<string>("second");
            Task<string> winner = await Task.WhenAny(first, second);
            return $"{await winner} {first.IsCompleted} {second.IsCompleted}";
        });
        await Client.RaiseEventAsync(id, "third", "3", Cancel);
        await Client.RaiseEventAsync(id, "second", "2", Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("2 False True"));
    }

    [Test]
    public async Task Event_RaisedTwice_ArrivesTwice()
    {
        string id = await BeginAsync(async context =>
            await context.WaitForExternalEventAsync<int>("item") + await context.WaitForExternalEventAsync<int>("item"));
        await Client.RaiseEventAsync(id, "item", 5, Cancel);
        await Client.RaiseEventAsync(id, "item", 5, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(10));
    }

    [Test]
    public async Task Event_ThousandInABurst_AllArriveOnce()
    {
        string id = await BeginAsync(async context =>
        {
            HashSet<int> got = [];
            for (int count = 0; count < 1_000; count++)
            {
                got.Add(await context.WaitForExternalEventAsync<int>("item"));
            }

            return got.Count;
        });
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(item => Client.RaiseEventAsync(id, "item", item, Cancel)));
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(1_000));
    }

    [Test]
    public async Task Event_SeveralWaiters_NewestGetsIt()
    {
        // durabletask-dotnet, TaskOrchestrationContextWrapper: waiters are a stack since 1.18 (#509), so that those left over
        // from a WhenAny in a loop do not swallow events.
        string id = await BeginAsync(async context =>
        {
            Task<int> older = context.WaitForExternalEventAsync<int>("item");
            Task<int> newer = context.WaitForExternalEventAsync<int>("item");
            int first = await await Task.WhenAny(older, newer);
            return $"{first} {older.IsCompleted} {newer.IsCompleted}";
        });
        await Client.RaiseEventAsync(id, "item", 1, Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("1 False True"));
    }

    [Test]
    public async Task Event_WaiterCancelled_IsKeptForTheNext()
    {
        string id = await BeginAsync(async context =>
        {
            using var cancel = new CancellationTokenSource();
            Task<int> abandoned = context.WaitForExternalEventAsync<int>("item", cancel.Token);
            cancel.Cancel();
            int got = await context.WaitForExternalEventAsync<int>("item");
            return $"{got} {abandoned.IsCanceled}";
        });
        await Client.RaiseEventAsync(id, "item", 7, Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("7 True"));
    }

    [Test]
    public async Task Event_WithoutPayload_IsDefault()
    {
        string id = await BeginAsync(async context => await context.WaitForExternalEventAsync<string?>("go") is null);
        await Client.RaiseEventAsync(id, "go", null, Cancel);
        Assert.That(Output<bool>(await EndOf(id)), Is.True);
    }

    [Test]
    public async Task Event_AtUnknownInstance_IsRefused()
    {
        await StartHostAsync();
        await ThrowsAsync(ErrorCode.InstanceNotFound, () => Client.RaiseEventAsync("nobody", "go", null, Cancel));
    }

    [Test]
    public async Task Event_AtEndedInstance_IsIgnored()
    {
        OrchestrationState state = await RunAsync(_ => Task.FromResult(1));
        await Client.RaiseEventAsync(state.InstanceId, "late", 1, Cancel);
        OrchestrationState after = (await Client.GetAsync(state.InstanceId, true, Cancel))!;
        Assert.That(after, Is.EqualTo(state));
    }

    [Test]
    public async Task Event_BeforeTheFirstTurn_IsKept()
    {
        Registry.AddOrchestrator<int, string>("main", (context, _) => context.WaitForExternalEventAsync<string>("early"));
        await StartHostAsync();
        string id = await Client.ScheduleAsync("main", 0,
            new StartOptions { StartAt = DateTimeOffset.UtcNow.AddMilliseconds(200) }, Cancel);
        await Client.RaiseEventAsync(id, "early", "kept", Cancel);
        await Host.ForgetAsync();
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("kept"));
    }

    [Test]
    public async Task Race_EventBeforeTimer_EventWins()
    {
        string id = await BeginAsync(WaitForApprovalAsync);
        await Client.RaiseEventAsync(id, "approval", true, Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("approved True"));
    }

    [Test]
    public async Task Race_NoEvent_TimerWins()
    {
        OrchestrationState state = await RunAsync(async context =>
        {
            using var cancel = new CancellationTokenSource();
            Task timer = context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(50));
            Task<bool> approval = context.WaitForExternalEventAsync<bool>("approval", cancel.Token);
            Task winner = await Task.WhenAny(timer, approval);
            cancel.Cancel();
            return winner == timer ? "timed out" : "approved";
        });
        Assert.That(Output<string>(state), Is.EqualTo("timed out"));
    }

    [Test]
    public async Task Race_InALoop_LosesNoEvent()
    {
        // The pattern that durabletask-dotnet's stack of waiters is for: nobody cancels the waiter that lost.
        string id = await BeginAsync(async context =>
        {
            int sum = 0;
            int events = 0;
            while (events < 10)
            {
                Task timer = context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(5));
                Task<int> item = context.WaitForExternalEventAsync<int>("item");
                if (await Task.WhenAny(timer, item) == item)
                {
                    sum += await item;
                    events++;
                }
            }

            return sum;
        });
        for (int item = 1; item <= 10; item++)
        {
            await Client.RaiseEventAsync(id, "item", item, Cancel);
            await Task.Delay(item % 3 * 4, Cancel);
        }

        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(55));
    }

    [Test]
    public async Task SendEvent_ToAnotherInstance_ArrivesOnce()
    {
        Registry.AddOrchestrator<string, int>("sender", async (context, receiver) =>
        {
            context.SendEvent(receiver, "item", 1);
            context.SendEvent(receiver, "item", 2);
            await context.CreateTimerAsync(context.CurrentTime);
            context.SendEvent(receiver, "done");
            return 0;
        });
        Registry.AddOrchestrator<int, int>("receiver", async (context, _) =>
        {
            await context.WaitForExternalEventAsync<object?>("done");
            int sum = await context.WaitForExternalEventAsync<int>("item");
            sum = (sum * 10) + await context.WaitForExternalEventAsync<int>("item");
            return sum;
        });
        await StartHostAsync();
        string receiver = await Client.ScheduleAsync("receiver", 0, null, Cancel);
        await Client.ScheduleAsync("sender", receiver, null, Cancel);
        Assert.That(Output<int>(await EndOf(receiver)), Is.EqualTo(12));
    }

    [Test]
    public async Task SendEvent_ToUnknownInstance_IsIgnored()
    {
        OrchestrationState state = await RunAsync(context =>
        {
            context.SendEvent("nobody", "item", 1);
            return Task.FromResult(1);
        });
        Assert.That(Output<int>(state), Is.EqualTo(1));
    }

    [Test]
    public async Task SendEvent_InTheLastTurn_IsStillSent()
    {
        Registry.AddOrchestrator<string, int>("sender", (context, receiver) =>
        {
            context.SendEvent(receiver, "item", 3);
            return Task.FromResult(0);
        });
        Registry.AddOrchestrator<int, int>("receiver", (context, _) => context.WaitForExternalEventAsync<int>("item"));
        await StartHostAsync();
        string receiver = await Client.ScheduleAsync("receiver", 0, null, Cancel);
        await EndOf(await Client.ScheduleAsync("sender", receiver, null, Cancel));
        Assert.That(Output<int>(await EndOf(receiver)), Is.EqualTo(3));
    }

    private static async Task<string> WaitForApprovalAsync(IOrchestrationContext context)
    {
        using var cancel = new CancellationTokenSource();
        Task timer = context.CreateTimerAsync(context.CurrentTime.AddHours(1), cancel.Token);
        Task<bool> approval = context.WaitForExternalEventAsync<bool>("approval");
        if (await Task.WhenAny(timer, approval) == timer)
        {
            return "timed out";
        }

        cancel.Cancel();
        return $"approved {await approval}";
    }
}
