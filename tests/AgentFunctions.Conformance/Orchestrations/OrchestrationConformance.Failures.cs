using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>What fails, how it is told, and what is tried again.</summary>
public abstract partial class OrchestrationConformance
{
    [Test]
    public async Task Activity_Throws_OrchestratorCatchesTheDetails()
    {
        Registry.AddActivity<int, int>("boom",
            (_, _) => throw new InvalidOperationException("käputt 🧪", new TimeoutException("why")));
        OrchestrationState state = await RunAsync(async context =>
        {
            try
            {
                await context.CallActivityAsync<int>("boom", 1);
                return "no failure";
            }
            catch (TaskFailedException error)
            {
                return $"{error.TaskName}|{error.Failure.ErrorType}|{error.Failure.Message}|{error.Failure.InnerFailure?.ErrorType}|{error.Failure.InnerFailure?.Message}";
            }
        });
        Assert.That(
            Output<string>(state), Is.EqualTo("boom|System.InvalidOperationException|käputt 🧪|System.TimeoutException|why"));
    }

    [Test]
    public async Task Activity_ThrowsUncaught_InstanceFailsWithTheCauseInside()
    {
        Registry.AddActivity<int, int>("boom", (_, _) => throw new InvalidOperationException("bad"));
        OrchestrationState state = await RunAsync(context => context.CallActivityAsync<int>("boom", 1));
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(state.Failure!.ErrorType, Is.EqualTo(typeof(TaskFailedException).FullName));
        Assert.That(state.Failure.InnerFailure!.ErrorType, Is.EqualTo(typeof(InvalidOperationException).FullName));
        Assert.That(state.Failure.InnerFailure.Message, Is.EqualTo("bad"));
    }

    [Test]
    public async Task Activity_ThrowsKnownError_CodeArrives()
    {
        Registry.AddActivity<int, int>("boom", (_, _) => throw new AgentException(ErrorCode.ToolFailed, "the tool"));
        OrchestrationState state = await RunAsync(context => context.CallActivityAsync<int>("boom", 1));
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.ToolFailed), Is.True);
    }

    [Test]
    public async Task Orchestrator_Throws_InstanceFails()
    {
        OrchestrationState state = await RunAsync<int>(_ => throw new NotSupportedException("never"));
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(state.Failure!.ErrorType, Is.EqualTo(typeof(NotSupportedException).FullName));
        Assert.That(state.Failure.Message, Is.EqualTo("never"));
        Assert.That(state.Output, Is.Null);
    }

    [Test]
    public async Task Orchestrator_ThrowsAfterAwait_InstanceFails()
    {
        Registry.AddActivity<int, int>("echo", (_, value) => Task.FromResult(value));
        OrchestrationState state = await RunAsync<int>(async context =>
        {
            await context.CallActivityAsync<int>("echo", 1);
            throw new NotSupportedException("later");
        });
        Assert.That(state.Failure!.Message, Is.EqualTo("later"));
    }

    [Test]
    public async Task Failure_ThroughThreeLevels_KeepsEveryLevel()
    {
        Registry.AddActivity<int, int>("boom", (_, _) => throw new InvalidOperationException("root cause"));
        Registry.AddOrchestrator<int, int>("inner", (context, value) => context.CallActivityAsync<int>("boom", value));
        Registry.AddOrchestrator<int, int>("middle", (context, value) => context.CallSubOrchestratorAsync<int>("inner", value));
        OrchestrationState state = await RunAsync(context => context.CallSubOrchestratorAsync<int>("middle", 1));
        List<FailureDetails> chain = [];
        for (FailureDetails? failure = state.Failure; failure is not null; failure = failure.InnerFailure)
        {
            chain.Add(failure);
        }

        string wrapped = typeof(TaskFailedException).FullName!;
        Assert.That(
            chain.Select(failure => failure.ErrorType),
            Is.EqualTo(new[] { wrapped, wrapped, wrapped, typeof(InvalidOperationException).FullName }));
        Assert.That(chain[^1].Message, Is.EqualTo("root cause"));
        Assert.That(chain[0].Message, Does.Contain("middle"));
        Assert.That(chain[1].Message, Does.Contain("inner"));
        Assert.That(chain[2].Message, Does.Contain("boom"));
    }

    [Test]
    public async Task Failure_Caught_InstanceGoesOn()
    {
        Registry.AddActivity<int, int>("boom", (_, _) => throw new InvalidOperationException("bad"));
        Registry.AddActivity<int, string>("repair", (_, value) => Task.FromResult($"repaired {value}"));
        OrchestrationState state = await RunAsync(async context =>
        {
            try
            {
                await context.CallActivityAsync<int>("boom", 1);
            }
            catch (TaskFailedException)
            {
                return await context.CallActivityAsync<string>("repair", 1);
            }

            return "";
        });
        Assert.That(Output<string>(state), Is.EqualTo("repaired 1"));
    }

    [Test]
    public async Task Activity_NotRegistered_FailsForGood()
    {
        OrchestrationState state = await RunAsync(async context =>
        {
            try
            {
                return await context.CallActivityAsync<string>(
                    "unknown", 1, new TaskOptions(new RetryPolicy(5, TimeSpan.FromHours(1))));
            }
            catch (TaskFailedException error)
            {
                return $"{error.Failure.ErrorType} {error.Failure.IsNonRetriable}";
            }
        });
        Assert.That(Output<string>(state), Is.EqualTo("NotRegistered True"));
    }

    [Test]
    public async Task Orchestrator_NotRegistered_InstanceFails()
    {
        await StartHostAsync();
        OrchestrationState state = await EndOf(await Client.ScheduleAsync("unknown", 1, null, Cancel));
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.NotRegistered), Is.True);
    }

    [Test]
    public async Task SubOrchestrator_NotRegistered_ParentSeesIt()
    {
        OrchestrationState state = await RunAsync(context => context.CallSubOrchestratorAsync<int>("unknown", 1));
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.NotRegistered), Is.True);
    }

    [Test]
    public async Task PoisonInput_OfOneInstance_LeavesTheOthersAlone()
    {
        Registry.AddOrchestrator<Order, string>("main", (_, order) => Task.FromResult(order.Customer));
        await StartHostAsync();
        string poisoned = await Client.ScheduleAsync("main", "no order", null, Cancel);
        string good = await Client.ScheduleAsync("main", new Order("Ann", [], null), null, Cancel);
        Assert.That((await EndOf(poisoned)).Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(Output<string>(await EndOf(good)), Is.EqualTo("Ann"));
    }

    [Test]
    public async Task PoisonActivityInput_IsAFailureOfTheStep()
    {
        Registry.AddActivity<Order, string>("order", (_, order) => Task.FromResult(order.Customer));
        OrchestrationState state = await RunAsync(async context =>
        {
            try
            {
                return await context.CallActivityAsync<string>("order", 12);
            }
            catch (TaskFailedException error)
            {
                return error.Failure.ErrorType;
            }
        });
        Assert.That(Output<string>(state), Does.Contain("JsonException"));
    }

    [Test]
    public async Task PoisonResult_OfTheWrongType_FailsTheInstance()
    {
        Registry.AddActivity<int, string>("text", (_, _) => Task.FromResult("no number"));
        OrchestrationState state = await RunAsync(context => context.CallActivityAsync<int>("text", 1));
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
    }

    [Test]
    public async Task Retry_FailsTwice_ThirdAttemptCounts()
    {
        int attempts = 0;
        Registry.AddActivity<int, int>("flaky", (_, _) =>
            Interlocked.Increment(ref attempts) < 3 ? throw new InvalidOperationException("not yet") : Task.FromResult(attempts));
        OrchestrationState state = await RunAsync(context =>
            context.CallActivityAsync<int>("flaky", 1, new TaskOptions(new RetryPolicy(5, TimeSpan.FromMilliseconds(1)))));
        Assert.That(Output<int>(state), Is.EqualTo(3));
    }

    [Test]
    public async Task Retry_AllAttemptsFail_LastFailureIsTold()
    {
        int attempts = 0;
        Registry.AddActivity<int, int>("boom", (_, _) =>
            throw new InvalidOperationException($"attempt {Interlocked.Increment(ref attempts)}"));
        OrchestrationState state = await RunAsync(context =>
            context.CallActivityAsync<int>("boom", 1, new TaskOptions(new RetryPolicy(3, TimeSpan.FromMilliseconds(1)))));
        Assert.That(state.Failure!.InnerFailure!.Message, Is.EqualTo("attempt 3"));
        Assert.That(attempts, Is.EqualTo(3));
    }

    [Test]
    public async Task Retry_Delays_GrowAndStayBelowTheMaximum()
    {
        Registry.AddActivity<int, int>("boom", (_, _) => throw new InvalidOperationException("bad"));
        var policy = new RetryPolicy(5, TimeSpan.FromMilliseconds(10), 3, TimeSpan.FromMilliseconds(50));
        string id = await BeginAsync(context => context.CallActivityAsync<int>("boom", 1, new TaskOptions(policy)));
        await EndOf(id);
        List<double> waits = [];
        DateTimeOffset now = default;
        foreach (HistoryEvent next in await HistoryOf(id))
        {
            now = next is TurnStarted ? next.Timestamp : now;
            if (next is TimerCreated timer)
            {
                waits.Add((timer.FireAt - now).TotalMilliseconds);
            }
        }

        Assert.That(waits, Is.EqualTo(new[] { 10, 30, 50, 50 }));
    }

    [Test]
    public async Task Retry_HandlerSaysNo_IsNotTriedAgain()
    {
        int attempts = 0;
        Registry.AddActivity<int, int>("boom", (_, _) =>
        {
            attempts++;
            throw new InvalidOperationException("fatal");
        });
        var policy = new RetryPolicy(5, TimeSpan.FromMilliseconds(1)) { HandleFailure = failure => failure.Message != "fatal" };
        OrchestrationState state = await RunAsync(context => context.CallActivityAsync<int>("boom", 1, new TaskOptions(policy)));
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(attempts, Is.EqualTo(1));
    }

    [Test]
    public async Task Retry_NonRetriableFailure_IsNotTriedAgain()
    {
        int attempts = 0;
        Registry.AddActivity<int, int>("boom", (_, _) =>
        {
            attempts++;
            throw new AgentException(ErrorCode.ModelUnauthorized, "no key helps here");
        });
        OrchestrationState state = await RunAsync(context =>
            context.CallActivityAsync<int>("boom", 1, new TaskOptions(new RetryPolicy(5, TimeSpan.FromMilliseconds(1)))));
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(attempts, Is.EqualTo(1));
    }

    [Test]
    public async Task Retry_TimeIsOver_IsNotTriedAgain()
    {
        int attempts = 0;
        Registry.AddActivity<int, int>("boom", (_, _) =>
        {
            attempts++;
            throw new InvalidOperationException("bad");
        });
        var policy = new RetryPolicy(1_000, TimeSpan.FromMilliseconds(20), Timeout: TimeSpan.FromMilliseconds(50));
        OrchestrationState state = await RunAsync(context => context.CallActivityAsync<int>("boom", 1, new TaskOptions(policy)));
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(attempts, Is.InRange(1, 4));
    }

    [Test]
    public async Task Retry_AfterForgetting_GoesOnCounting()
    {
        int attempts = 0;
        var first = new TaskCompletionSource();
        Registry.AddActivity<int, int>("flaky", (_, _) =>
        {
            int attempt = Interlocked.Increment(ref attempts);
            first.TrySetResult();
            return attempt < 3 ? throw new InvalidOperationException("not yet") : Task.FromResult(attempt);
        });
        string id = await BeginAsync(context =>
            context.CallActivityAsync<int>("flaky", 1, new TaskOptions(new RetryPolicy(5, TimeSpan.FromMilliseconds(100)))));
        await first.Task.WaitAsync(Cancel);
        await Host.ForgetAsync();
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(3));
    }

    [Test]
    public async Task Input_BeyondTheLimit_IsRefusedAndLeavesNothing()
    {
        Registry.AddOrchestrator<string, int>("main", (_, _) => Task.FromResult(0));
        await StartHostAsync();
        await ThrowsAsync(ErrorCode.PayloadTooLarge, () => Client.ScheduleAsync(
            "main", new string('x', 70 * 1024 * 1024), new StartOptions { InstanceId = "big" }, Cancel));
        Assert.That(await Client.GetAsync("big", true, Cancel), Is.Null);
    }

    [Test]
    public async Task ActivityInput_BeyondTheLimit_FailsTheOneWhoAsked()
    {
        Registry.AddActivity<string, int>("count", (_, text) => Task.FromResult(text.Length));
        OrchestrationState state =
            await RunAsync(context => context.CallActivityAsync<int>("count", new string('x', 70 * 1024 * 1024)));
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.PayloadTooLarge), Is.True);
    }

    [Test]
    public async Task ActivityResult_BeyondTheLimit_IsAFailureOfTheStep()
    {
        Registry.AddActivity<int, string>("big", (_, _) => Task.FromResult(new string('x', 70 * 1024 * 1024)));
        OrchestrationState state = await RunAsync(async context =>
        {
            try
            {
                return await context.CallActivityAsync<string>("big", 1);
            }
            catch (TaskFailedException error)
            {
                return error.Failure.ErrorType;
            }
        });
        Assert.That(Output<string>(state), Is.EqualTo(nameof(ErrorCode.PayloadTooLarge)));
    }

    [Test]
    public async Task Output_BeyondTheLimit_FailsTheInstance()
    {
        OrchestrationState state = await RunAsync(_ => Task.FromResult(new string('x', 70 * 1024 * 1024)));
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.PayloadTooLarge), Is.True);
    }
}
