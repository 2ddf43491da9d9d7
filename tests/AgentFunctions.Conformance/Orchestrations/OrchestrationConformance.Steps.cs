using System.Collections.Concurrent;
using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>Activities one after the other and side by side, inputs and outputs.</summary>
public abstract partial class OrchestrationConformance
{
    public sealed record Order(string Customer, int[] Items, Dictionary<string, decimal>? Prices);

    [Test]
    public async Task Sequence_ThreeActivities_EachSeesTheResultBefore()
    {
        Registry.AddActivity<string, string>("append", (_, text) => Task.FromResult(text + "!"));
        OrchestrationState state = await RunAsync(async (context, input) =>
        {
            string text = await context.CallActivityAsync<string>("append", input);
            text = await context.CallActivityAsync<string>("append", text);
            return await context.CallActivityAsync<string>("append", text);
        }, "go");
        Assert.That(Output<string>(state), Is.EqualTo("go!!!"));
    }

    [Test]
    public async Task Sequence_Hundred_RunsEachActivityOnce()
    {
        var calls = new ConcurrentBag<int>();
        Registry.AddActivity<int, int>("next", (_, value) =>
        {
            calls.Add(value);
            return Task.FromResult(value + 1);
        });
        OrchestrationState state = await RunAsync(async context =>
        {
            int value = 0;
            while (value < 100)
            {
                value = await context.CallActivityAsync<int>("next", value);
            }

            return value;
        });
        Assert.That(Output<int>(state), Is.EqualTo(100));
        Assert.That(calls.Order(), Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public async Task Activity_NoInputAndNullResult_PassesNull()
    {
        Registry.AddActivity<string?, string?>("nothing", (_, input) => Task.FromResult(input));
        OrchestrationState state = await RunAsync(async context => await context.CallActivityAsync<string?>("nothing") is null);
        Assert.That(Output<bool>(state), Is.True);
    }

    [Test]
    public async Task Activity_Context_NamesInstanceNameAndStep()
    {
        var contexts = new ConcurrentQueue<ActivityContext>();
        Registry.AddActivity<int, int>("look", (context, value) =>
        {
            contexts.Enqueue(context);
            return Task.FromResult(value);
        });
        OrchestrationState state = await RunAsync(async context =>
        {
            await context.CallActivityAsync<int>("look", 1);
            await context.CallActivityAsync<int>("look", 2);
            return 0;
        });
        Assert.That(contexts.Select(context => context.InstanceId), Is.All.EqualTo(state.InstanceId));
        Assert.That(contexts.Select(context => context.Name), Is.All.EqualTo("look"));
        Assert.That(contexts.Select(context => context.TaskId), Is.Unique.And.Ordered);
    }

    [Test]
    public async Task Orchestrator_WithoutAnyStep_Completes()
    {
        OrchestrationState state = await RunAsync((_, input) => Task.FromResult(input * 2), 21);
        Assert.That(Output<int>(state), Is.EqualTo(42));
    }

    [Test]
    public async Task Orchestrator_ReturnsNull_HasNoOutput()
    {
        OrchestrationState state = await RunAsync(_ => Task.FromResult<string?>(null));
        Assert.That(Output<string>(state), Is.Null);
    }

    [Test]
    public async Task Payloads_Records_ArriveAsTheyWere()
    {
        var order = new Order("Ann", [1, 2, 3], new Dictionary<string, decimal> { ["Käse"] = 3.50m });
        Registry.AddActivity<Order, Order>("echo", (_, input) => Task.FromResult(input));
        OrchestrationState state = await RunAsync((context, input) => context.CallActivityAsync<Order>("echo", input), order);
        Order result = Output<Order>(state)!;
        Assert.That(result.Customer, Is.EqualTo(order.Customer));
        Assert.That(result.Items, Is.EqualTo(order.Items));
        Assert.That(result.Prices, Is.EqualTo(order.Prices));
    }

    [Test]
    public async Task Payloads_Unicode_ArriveAsTheyWere()
    {
        const string Text = "naïve 日本語 🧪 \u0000 \" \\ \u2028 \r\n \uFFFD";
        Registry.AddActivity<string, string>("tëst🧪", (_, input) => Task.FromResult(input + Text));
        OrchestrationState state = await RunAsync(async (context, input) =>
        {
            context.SetCustomStatus(Text);
            return await context.CallActivityAsync<string>("tëst🧪", input);
        }, Text);
        Assert.That(Output<string>(state), Is.EqualTo(Text + Text));
        Assert.That(DurableJson.Deserialize<string>(state.CustomStatus), Is.EqualTo(Text));
        Assert.That(DurableJson.Deserialize<string>(state.Input), Is.EqualTo(Text));
    }

    [Test]
    public async Task InstanceId_Unicode_IsFoundAgain()
    {
        Registry.AddOrchestrator<int, int>("main", (_, value) => Task.FromResult(value));
        await StartHostAsync();
        const string Id = "käse 🧪 / '; DROP TABLE --";
        string id = await Client.ScheduleAsync("main", 7, new StartOptions { InstanceId = Id }, Cancel);
        Assert.That(id, Is.EqualTo(Id));
        Assert.That((await EndOf(Id)).InstanceId, Is.EqualTo(Id));
    }

    [Test]
    public async Task Payloads_Large_ArriveAsTheyWere()
    {
        string large = new('x', 900_000);
        Registry.AddActivity<string, string>("echo", (_, input) => Task.FromResult(input));
        OrchestrationState state = await RunAsync((context, input) => context.CallActivityAsync<string>("echo", input), large);
        Assert.That(Output<string>(state), Is.EqualTo(large));
    }

    [Test]
    public async Task FanOut_Hundred_ResultsAreInOrder()
    {
        Registry.AddActivity<int, int>("square", (_, value) => Task.FromResult(value * value));
        OrchestrationState state = await RunAsync(async context =>
            await Task.WhenAll(Enumerable.Range(0, 100).Select(value => context.CallActivityAsync<int>("square", value))));
        Assert.That(Output<int[]>(state), Is.EqualTo(Enumerable.Range(0, 100).Select(value => value * value)));
    }

    [Test]
    public async Task FanOut_TenThousand_AllReturn()
    {
        Registry.AddActivity<int, int>("echo", (_, value) => Task.FromResult(value));
        OrchestrationState state = await RunAsync(async context =>
            (await Task.WhenAll(Enumerable.Range(0, 10_000)
                .Select(value => context.CallActivityAsync<int>("echo", value)))).Sum(value => (long)value));
        Assert.That(Output<long>(state), Is.EqualTo(49_995_000));
    }

    [Test]
    public async Task FanOut_ActivitiesThatNeedEachOther_RunAtTheSameTime()
    {
        var all = new CountdownEvent(4);
        var met = new TaskCompletionSource();
        Registry.AddActivity<int, int>("meet", async (context, value) =>
        {
            if (all.Signal())
            {
                met.SetResult();
            }

            await met.Task.WaitAsync(context.CancellationToken);
            return value;
        });
        OrchestrationState state = await RunAsync(async context =>
            await Task.WhenAll(Enumerable.Range(0, 4).Select(value => context.CallActivityAsync<int>("meet", value))));
        Assert.That(Output<int[]>(state), Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public async Task FanOut_OneFails_OthersStillCount()
    {
        Registry.AddActivity<int, int>("odd", (_, value) =>
            value == 3 ? throw new InvalidOperationException("three") : Task.FromResult(value));
        OrchestrationState state = await RunAsync(async context =>
        {
            Task<int>[] all = [.. Enumerable.Range(0, 6).Select(value => context.CallActivityAsync<int>("odd", value))];
            try
            {
                await Task.WhenAll(all);
            }
            catch (TaskFailedException)
            {
                // Looked at below.
            }

            return all.Count(task => task.IsCompletedSuccessfully);
        });
        Assert.That(Output<int>(state), Is.EqualTo(5));
    }

    [Test]
    public async Task WhenAny_Activities_FirstResultDecides()
    {
        var slow = new TaskCompletionSource();
        Registry.AddActivity<string, string>("fast", (_, value) => Task.FromResult(value));
        Registry.AddActivity<string, string>("slow", async (context, value) =>
        {
            await slow.Task.WaitAsync(context.CancellationToken);
            return value;
        });
        string id = await BeginAsync(async context =>
        {
            Task<string> first = await Task.WhenAny(
                context.CallActivityAsync<string>("slow", "slow"), context.CallActivityAsync<string>("fast", "fast"));
            context.SetCustomStatus("decided");
            return await first;
        });
        await UntilStatusIs(id, "decided");
        slow.SetResult();
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("fast"));
    }

    [Test]
    public async Task Return_WithStepsOpen_EndsWhenTheyHaveEnded()
    {
        // DurableTask.Core, TaskOrchestrationExecutor.ExecuteCore: completes only if not HasOpenTasks. An engine may cancel the
        // token of an activity whose result nobody waits for; this one does not look at it.
        var slow = new TaskCompletionSource();
        bool finished = false;
        Registry.AddActivity<int, int>("slow", async (_, value) =>
        {
            await slow.Task;
            finished = true;
            return value;
        });
        string id = await BeginAsync(context =>
        {
            _ = context.CallActivityAsync<int>("slow", 1);
            context.SetCustomStatus("returned");
            return Task.FromResult("done");
        });
        Assert.That((await UntilStatusIs(id, "returned")).Status, Is.EqualTo(OrchestrationStatus.Running));
        slow.SetResult();
        Assert.That(Output<string>(await EndOf(id)), Is.EqualTo("done"));
        Assert.That(finished, Is.True);
    }

    [Test]
    public async Task Continuations_WithConfigureAwaitFalse_StayInOrder()
    {
        Registry.AddActivity<int, int>("next", (_, value) => Task.FromResult(value + 1));
        OrchestrationState state = await RunAsync(async context =>
        {
            int value = await context.CallActivityAsync<int>("next", 0).ConfigureAwait(false);
            value = await context.CallActivityAsync<int>("next", value).ConfigureAwait(false);
            return await context.CallActivityAsync<int>("next", value);
        });
        Assert.That(Output<int>(state), Is.EqualTo(3));
    }

    [Test]
    public async Task Many_TwoHundredInstances_AllEnd()
    {
        Registry.AddActivity<int, int>("next", (_, value) => Task.FromResult(value + 1));
        Registry.AddOrchestrator<int, int>("main", async (context, value) =>
        {
            for (int step = 0; step < 5; step++)
            {
                value = await context.CallActivityAsync<int>("next", value);
            }

            return value;
        });
        await StartHostAsync();
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 200)
            .Select(value => Client.ScheduleAsync("main", value, null, Cancel)));
        OrchestrationState[] states = await Task.WhenAll(ids.Select(EndOf));
        Assert.That(states.Select(Output<int>), Is.EqualTo(Enumerable.Range(5, 200)));
        Assert.That(ids, Is.Unique);
    }
}
