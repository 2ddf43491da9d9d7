using AgentFunctions.Conformance.Embedded;
using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Engine;

/// <summary>When the embedded engine cancels activities. Durable Task has no such tokens, so this is not in the suite.</summary>
[Parallelizable(ParallelScope.Children)]
[CancelAfter(300_000)]
public sealed class CancellationTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Orchestrator_ReturnsWhileAnActivityRuns_CancelsItAndThenEnds()
    {
        var started = new TaskCompletionSource();
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("long", async (context, number) =>
            {
                started.SetResult();
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
                return number;
            })
            .AddOrchestrator<int, string>("main", async (context, _) =>
            {
                Task work = context.CallActivityAsync<int>("long", 1);
                Task stop = context.WaitForExternalEventAsync<object?>("stop");
                return await Task.WhenAny(work, stop) == stop ? "stopped" : "worked";
            });
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: true);
        string id = await host.Client.ScheduleAsync("main", 0, null, Cancel);
        await started.Task.WaitAsync(Cancel);
        await host.Client.RaiseEventAsync(id, "stop", null, Cancel);
        OrchestrationState state = await host.Client.WaitForCompletionAsync(id, Cancel);
        Assert.That(state.Output, Is.EqualTo("\"stopped\""));
    }

    [Test]
    public async Task Stop_ActivityInFlight_IsCancelledAndDeliveredAgainUnderTheSameNumber()
    {
        var deliveries = new List<int>();
        var started = new TaskCompletionSource();
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("long", async (context, number) =>
            {
                bool isFirst;
                lock (deliveries)
                {
                    deliveries.Add(context.TaskId);
                    isFirst = deliveries.Count == 1;
                }

                started.TrySetResult();
                await (isFirst ? Task.Delay(Timeout.Infinite, context.CancellationToken) : Task.CompletedTask);
                return number;
            })
            .AddOrchestrator<int, int>("main", (context, number) => context.CallActivityAsync<int>("long", number));
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: false);
        string id = await host.Client.ScheduleAsync("main", 7, null, Cancel);
        await started.Task.WaitAsync(Cancel);
        await host.Engine.StopAsync();
        await host.Engine.StartAsync(Cancel);
        Assert.That((await host.Client.WaitForCompletionAsync(id, Cancel)).Output, Is.EqualTo("7"));
        Assert.That(deliveries, Is.EqualTo(new[] { 0, 0 }));
    }

    [Test]
    public async Task Stop_ActivityThatFinishes_IsRecorded()
    {
        int calls = 0;
        var started = new TaskCompletionSource();
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("thorough", async (context, _) =>
            {
                started.TrySetResult();
                var stopping = new TaskCompletionSource();
                await using CancellationTokenRegistration registration = context.CancellationToken.Register(stopping.SetResult);
                await stopping.Task;
                return Interlocked.Increment(ref calls);
            })
            .AddOrchestrator<int, int>("main", async (context, _) =>
            {
                int call = await context.CallActivityAsync<int>("thorough", 0);
                await context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(50));
                return call;
            });
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: false);
        string id = await host.Client.ScheduleAsync("main", 0, null, Cancel);
        await started.Task.WaitAsync(Cancel);
        await host.Engine.StopAsync();
        await host.Engine.StartAsync(Cancel);
        Assert.That((await host.Client.WaitForCompletionAsync(id, Cancel)).Output, Is.EqualTo("1"));
        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public async Task Stop_WhoWaits_IsTold()
    {
        DurableRegistry registry = new DurableRegistry().AddOrchestrator<int, int>("main",
            (context, _) => context.WaitForExternalEventAsync<int>("go"));
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: false);
        string id = await host.Client.ScheduleAsync("main", 0, null, Cancel);
        Task run = host.Client.WaitForCompletionAsync(id, Cancel);
        Task stream = host.Engine.Logs.WaitForAppendAsync("stream", 0, Cancel);
        await host.Engine.StopAsync();
        Assert.That(async () => await run,
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(async () => await stream,
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.EngineUnavailable));
    }
}
