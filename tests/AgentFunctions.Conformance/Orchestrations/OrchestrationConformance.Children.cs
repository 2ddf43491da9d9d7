using AgentFunctions.Durability;
using AgentFunctions.TestKit;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>Sub-orchestrations.</summary>
public abstract partial class OrchestrationConformance
{
    [Test]
    public async Task Child_Returns_ParentGetsTheOutput()
    {
        Registry.AddOrchestrator<int, int>("double", (_, value) => Task.FromResult(value * 2));
        OrchestrationState state = await RunAsync(context => context.CallSubOrchestratorAsync<int>("double", 21));
        Assert.That(Output<int>(state), Is.EqualTo(42));
    }

    [Test]
    public async Task Child_ThreeLevels_ValueComesBackUp()
    {
        Registry.AddActivity<string, string>("leaf", (_, text) => Task.FromResult(text + "."));
        Registry.AddOrchestrator<string, string>("inner",
            (context, text) => context.CallActivityAsync<string>("leaf", text + "c"));
        Registry.AddOrchestrator<string, string>("middle",
            (context, text) => context.CallSubOrchestratorAsync<string>("inner", text + "b"));
        OrchestrationState state = await RunAsync(context => context.CallSubOrchestratorAsync<string>("middle", "a"));
        Assert.That(Output<string>(state), Is.EqualTo("abc."));
    }

    [Test]
    public async Task Child_Fifty_AllReturn()
    {
        Registry.AddActivity<int, int>("echo", (_, value) => Task.FromResult(value));
        Registry.AddOrchestrator<int, int>("child", (context, value) => context.CallActivityAsync<int>("echo", value));
        OrchestrationState state = await RunAsync(async context =>
            await Task.WhenAll(Enumerable.Range(0, 50).Select(value => context.CallSubOrchestratorAsync<int>("child", value))));
        Assert.That(Output<int[]>(state), Is.EqualTo(Enumerable.Range(0, 50)));
    }

    [Test]
    public async Task Child_KnowsItsParent()
    {
        Registry.AddOrchestrator<int, string>("child", (context, _) => Task.FromResult(
            $"{context.ParentInstanceId}|{context.Name}|{context.InstanceId}"));
        string id = await BeginAsync(context => context.CallSubOrchestratorAsync<string>("child", 0,
            new SubOrchestrationOptions("the-child")));
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo($"{id}|child|the-child"));
        Assert.That((await Client.GetAsync("the-child", true, Cancel))!.ParentInstanceId, Is.EqualTo(id));
    }

    [Test]
    public async Task Parent_OfNone_IsNull()
    {
        OrchestrationState state = await RunAsync(context => Task.FromResult(context.ParentInstanceId is null));
        Assert.That(Output<bool>(state), Is.True);
    }

    [Test]
    public async Task Child_WithoutId_GetsOneThatAReplayRepeats()
    {
        Registry.AddOrchestrator<int, string>("child", async (context, _) =>
        {
            await context.WaitForExternalEventAsync<string>("go");
            return context.InstanceId;
        });
        string id = await BeginAsync(context => context.CallSubOrchestratorAsync<string>("child", 0));
        string child = await ChildOf(id);
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(child, "go", "x", Cancel);
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo(child));
    }

    [Test]
    public async Task Child_Fails_ParentCatchesTheDetails()
    {
        Registry.AddOrchestrator<int, int>("child", (_, _) => throw new InvalidOperationException("bad child"));
        OrchestrationState state = await RunAsync(async context =>
        {
            try
            {
                return $"{await context.CallSubOrchestratorAsync<int>("child", 0)}";
            }
            catch (TaskFailedException error)
            {
                return $"{error.TaskName}|{error.Failure.ErrorType}|{error.Failure.Message}";
            }
        });
        Assert.That(Output<string>(state), Is.EqualTo("child|System.InvalidOperationException|bad child"));
    }

    [Test]
    public async Task Child_FailsTwice_ThirdAttemptCounts()
    {
        int attempts = 0;
        Registry.AddActivity<int, int>("flaky", (_, _) =>
            Interlocked.Increment(ref attempts) < 3 ? throw new InvalidOperationException("not yet") : Task.FromResult(attempts));
        Registry.AddOrchestrator<int, int>("child", (context, value) => context.CallActivityAsync<int>("flaky", value));
        OrchestrationState state = await RunAsync(context => context.CallSubOrchestratorAsync<int>(
            "child", 0, new SubOrchestrationOptions("same-child", new RetryPolicy(5, TimeSpan.FromMilliseconds(1)))));
        Assert.That(Output<int>(state), Is.EqualTo(3));
    }

    [Test]
    public async Task Child_IdTakenByAnother_Fails()
    {
        Registry.AddOrchestrator<int, int>("other", async (context, _) => await context.WaitForExternalEventAsync<int>("never"));
        Registry.AddOrchestrator<int, string>("main", async (context, _) =>
        {
            try
            {
                return $"{await context.CallSubOrchestratorAsync<int>("other", 0, new SubOrchestrationOptions("taken"))}";
            }
            catch (TaskFailedException error)
            {
                return error.Failure.ErrorType;
            }
        });
        await StartHostAsync();
        await Client.ScheduleAsync("other", 0, new StartOptions { InstanceId = "taken" }, Cancel);
        OrchestrationState state = await EndOf(await Client.ScheduleAsync("main", 0, null, Cancel));
        Assert.That(Output<string>(state), Is.EqualTo(nameof(ErrorCode.InstanceExists)));
        Assert.That((await Client.GetAsync("taken", true, Cancel))!.IsEnded, Is.False);
    }

    [Test]
    public async Task Child_Terminated_ParentSeesAFailure()
    {
        Registry.AddOrchestrator<int, int>("child", async (context, _) => await context.WaitForExternalEventAsync<int>("never"));
        string id = await BeginAsync(async context =>
        {
            try
            {
                return await context.CallSubOrchestratorAsync<int>("child", 0);
            }
            catch (TaskFailedException)
            {
                return -1;
            }
        });
        await Client.TerminateAsync(await ChildOf(id), null, true, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(-1));
    }

    [Test]
    public async Task Child_ContinuesAsNew_ParentGetsTheLastOutput()
    {
        Registry.AddOrchestrator<int, int>("child", (context, value) =>
        {
            if (value < 5)
            {
                context.ContinueAsNew(value + 1);
            }

            return Task.FromResult(value);
        });
        OrchestrationState state = await RunAsync(context => context.CallSubOrchestratorAsync<int>("child", 0));
        Assert.That(Output<int>(state), Is.EqualTo(5));
    }

    [Test]
    public async Task Child_LeftAlone_HoldsItsParentOpen()
    {
        // DurableTask.Core, TaskOrchestrationExecutor.ExecuteCore: a sub-orchestration is an open task like any other.
        Registry.AddOrchestrator<int, int>("child", (context, _) => context.WaitForExternalEventAsync<int>("go"));
        string id = await BeginAsync(context =>
        {
            _ = context.CallSubOrchestratorAsync<int>("child", 0);
            context.SetCustomStatus("returned");
            return Task.FromResult(1);
        });
        Assert.That((await UntilStatusIs(id, "returned")).Status, Is.EqualTo(OrchestrationStatus.Running));
        await Client.RaiseEventAsync(await ChildOf(id), "go", 1, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(1));
    }

    [Test]
    public async Task Child_EndsWhileParentIsForgotten_ResultArrives()
    {
        Registry.AddOrchestrator<int, int>("child", (context, _) => context.WaitForExternalEventAsync<int>("go"));
        string id = await BeginAsync(context => context.CallSubOrchestratorAsync<int>("child", 0));
        string child = await ChildOf(id);
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(child, "go", 9, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(9));
    }

    /// <summary>The only sub-orchestration of an instance, once it has one.</summary>
    private async Task<string> ChildOf(string parent)
    {
        return (await Poll.ForAsync(
            async () => (await Client.QueryAsync(new OrchestrationQuery { PageSize = 1_000 },
                Cancel)).Items.FirstOrDefault(state => state.ParentInstanceId == parent),
            Cancel)).InstanceId;
    }
}
