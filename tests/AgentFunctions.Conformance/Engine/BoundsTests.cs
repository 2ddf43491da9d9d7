using AgentFunctions.Conformance.Embedded;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Conformance.Engine;

/// <summary>The bounds of the embedded engine: each breach is told to the one who caused it.</summary>
[Parallelizable(ParallelScope.Children)]
[CancelAfter(300_000)]
public sealed class BoundsTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task MaxConcurrentActivities_ManyActivities_NeverMoreAtOnce()
    {
        int running = 0;
        int most = 0;
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("work", async (_, number) =>
            {
                int now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                await Task.Delay(2, CancellationToken.None);
                Interlocked.Decrement(ref running);
                return number;
            })
            .AddOrchestrator<int, int>("main", async (context, count) =>
                (await Task.WhenAll(Enumerable.Range(0, count)
                    .Select(number => context.CallActivityAsync<int>("work", number)))).Length);
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: true,
            options => options.MaxConcurrentActivities = 3);
        OrchestrationState state =
            await host.Client.WaitForCompletionAsync(await host.Client.ScheduleAsync("main", 60, null, Cancel), Cancel);
        Assert.That(state.Output, Is.EqualTo("60"));
        Assert.That(most, Is.EqualTo(3));
    }

    [Test]
    public async Task MaxQueuedWork_Exceeded_RefusesNewWorkAndFinishesTheOld()
    {
        var release = new TaskCompletionSource();
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("work", async (context, number) =>
            {
                await release.Task.WaitAsync(context.CancellationToken);
                return number;
            })
            .AddOrchestrator<int, int>("main", async (context, count) =>
            {
                Task<int>[] all = [.. Enumerable.Range(0, count)
                    .Select(number => context.CallActivityAsync<int>("work", number))];
                context.SetCustomStatus("asked");
                return (await Task.WhenAll(all)).Length;
            });
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: true, options =>
        {
            options.MaxConcurrentActivities = 1;
            options.MaxQueuedWork = 50;
        });
        string id = await host.Client.ScheduleAsync("main", 100, null, Cancel);
        AgentException? refusal = null;
        while (refusal is null)
        {
            try
            {
                await host.Client.ScheduleAsync("main", 0, null, Cancel);
            }
            catch (AgentException error)
            {
                refusal = error;
            }
        }

        Assert.That(refusal.Code, Is.EqualTo(ErrorCode.Overloaded));
        Assert.That(refusal.RetryAfter, Is.Not.Null);
        Assert.That(refusal.IsTransient, Is.True);

        // The steps that were accepted may write, or there would never be room again.
        await host.Engine.Records.PutAsync("key", new byte[1], default, Cancel);
        release.SetResult();
        Assert.That((await host.Client.WaitForCompletionAsync(id, Cancel)).Output, Is.EqualTo("100"));
        await host.Client.WaitForCompletionAsync(await host.Client.ScheduleAsync("main", 0, null, Cancel), Cancel);
    }

    [Test]
    public async Task MaxBufferedEvents_Exceeded_RefusesTheEventAndKeepsTheOthers()
    {
        DurableRegistry registry = new DurableRegistry().AddOrchestrator<int, int>("main", async (context, count) =>
        {
            await context.WaitForExternalEventAsync<int>("go");
            int sum = 0;
            for (int number = 0; number < count; number++)
            {
                sum += await context.WaitForExternalEventAsync<int>("item");
            }

            return sum;
        });
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: true,
            options => options.MaxBufferedEvents = 10);
        string id = await host.Client.ScheduleAsync("main", 10, null, Cancel);
        for (int number = 0; number < 10; number++)
        {
            await host.Client.RaiseEventAsync(id, "item", 1, Cancel);
        }

        Assert.That(
            async () => await host.Client.RaiseEventAsync(id, "item", 100, Cancel),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.Overloaded));

        // The one that it waits for is let in.
        await host.Client.RaiseEventAsync(id, "GO", 1, Cancel);
        Assert.That((await host.Client.WaitForCompletionAsync(id, Cancel)).Output, Is.EqualTo("10"));
    }

    [Test]
    public async Task MaxHistoryEvents_Exceeded_FailsTheInstanceAndSaysWhy()
    {
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("step", (_, number) => Task.FromResult(number + 1))
            .AddOrchestrator<int, int>("main", async (context, count) =>
            {
                int number = 0;
                while (number < count)
                {
                    number = await context.CallActivityAsync<int>("step", number);
                }

                return number;
            });
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: true,
            options => options.MaxHistoryEvents = 100);
        OrchestrationState good =
            await host.Client.WaitForCompletionAsync(await host.Client.ScheduleAsync("main", 10, null, Cancel), Cancel);
        OrchestrationState bad =
            await host.Client.WaitForCompletionAsync(await host.Client.ScheduleAsync("main", 1_000, null, Cancel), Cancel);
        Assert.That(good.Status, Is.EqualTo(OrchestrationStatus.Completed));
        Assert.That(bad.Failure!.IsCausedBy(ErrorCode.HistoryTooLong), Is.True);
        Assert.That(bad.Failure.Message, Does.Contain("100"));
    }

    [Test]
    public async Task MaxHistoryBytes_Exceeded_FailsTheInstanceAndSaysWhy()
    {
        DurableRegistry registry = new DurableRegistry()
            .AddOrchestrator<int, int>("main", (context, _) => context.WaitForExternalEventAsync<int>("go"));
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: true,
            options => options.MaxHistoryBytes = 64 * 1024);
        string id = await host.Client.ScheduleAsync("main", 0, null, Cancel);
        await host.Client.SuspendAsync(id, null, Cancel);
        for (int number = 0; number < 4; number++)
        {
            await host.Client.RaiseEventAsync(id, "item", new string('x', 20_000), Cancel);
        }

        OrchestrationState state = await host.Client.WaitForCompletionAsync(id, Cancel);
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.HistoryTooLong), Is.True);
        Assert.That(state.Failure.Message, Does.Contain(nameof(SqliteEngineOptions.MaxHistoryBytes)));
    }

    [Test]
    public async Task MaxIdleBytes_LongHistoriesParked_OnlySoMuchStaysInMemory()
    {
        DurableRegistry registry = new DurableRegistry()
            .AddOrchestrator<int, int>("main", async (context, _) =>
                (await context.WaitForExternalEventAsync<string>("item")).Length
                    + await context.WaitForExternalEventAsync<int>("go"));
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: true,
            options => options.MaxIdleBytes = 100_000);
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(number => host.Client.ScheduleAsync("main", number, null, Cancel)));
        await Task.WhenAll(ids.Select(id => host.Client.RaiseEventAsync(id, "item", new string('x', 20_000), Cancel)));
        await Poll.UntilAsync(() => host.Engine.Core.Instances.Count <= 4, Cancel);

        await Task.WhenAll(ids.Select(id => host.Client.RaiseEventAsync(id, "go", 1, Cancel)));
        OrchestrationState[] states = await Task.WhenAll(ids.Select(id => host.Client.WaitForCompletionAsync(id, Cancel)));
        Assert.That(states.Select(state => state.Output), Is.All.EqualTo("20001"));
    }

    [Test]
    public async Task MaxIdleInstances_ManyParked_OnlySoManyStayInMemory()
    {
        DurableRegistry registry = new DurableRegistry().AddOrchestrator<int, int>("main",
            (context, _) => context.WaitForExternalEventAsync<int>("go"));
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: true,
            options => options.MaxIdleInstances = 20);
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 200)
            .Select(number => host.Client.ScheduleAsync("main", number, null, Cancel)));
        await Poll.UntilAsync(() => host.Engine.Core.Instances.Count <= 20, Cancel);

        await Task.WhenAll(ids.Select(id => host.Client.RaiseEventAsync(id, "go", 1, Cancel)));
        OrchestrationState[] states = await Task.WhenAll(ids.Select(id => host.Client.WaitForCompletionAsync(id, Cancel)));
        Assert.That(states.Select(state => state.Output), Is.All.EqualTo("1"));
        Assert.That(host.Engine.Core.Instances.Count, Is.Zero, "what has ended leaves memory");
    }

    [Test]
    public async Task Options_OutOfRange_StopTheHostAndNameTheField()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSqliteEngine(options => options.MaxConcurrentActivities = 0);
        using IHost host = builder.Build();
        Assert.That(
            async () => await host.StartAsync(Cancel),
            Throws.TypeOf<OptionsValidationException>().With.Message.Contains(nameof(SqliteEngineOptions.MaxConcurrentActivities)));
    }

    [Test]
    public async Task Host_StartsAndStopsTheEngine()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(new DurableRegistry().AddOrchestrator<int, int>("main",
            (_, number) => Task.FromResult(number)));
        builder.Services.AddSqliteEngine(options => options.DataFile = SqliteEngineOptions.InMemory);
        using IHost host = builder.Build();
        IOrchestrationClient client = host.Services.GetRequiredService<IOrchestrationClient>();
        Assert.That(async () => await client.GetAsync("nobody", true, Cancel), EngineUnavailable());
        await host.StartAsync(Cancel);
        string id = await client.ScheduleAsync("main", 5, null, Cancel);
        Assert.That((await client.WaitForCompletionAsync(id, Cancel)).Output, Is.EqualTo("5"));
        await host.StopAsync(Cancel);
        Assert.That(async () => await client.GetAsync(id, true, Cancel), EngineUnavailable());
    }

    private static NUnit.Framework.Constraints.EqualConstraint EngineUnavailable() =>
        Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.EngineUnavailable);

    private static void InterlockedMax(ref int most, int value)
    {
        int seen = Volatile.Read(ref most);
        while (value > seen)
        {
            int before = Interlocked.CompareExchange(ref most, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
