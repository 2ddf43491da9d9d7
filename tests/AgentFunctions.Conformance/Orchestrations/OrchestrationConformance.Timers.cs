using System.Collections.Concurrent;
using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>Timers and the time that an orchestrator sees.</summary>
public abstract partial class OrchestrationConformance
{
    [Test]
    public async Task Timer_Fires_NotBeforeItsTime()
    {
        OrchestrationState state = await RunAsync(async context =>
        {
            DateTimeOffset before = context.CurrentTime;
            await context.CreateTimerAsync(before.AddMilliseconds(200));
            return (context.CurrentTime - before).TotalMilliseconds;
        });
        Assert.That(Output<double>(state), Is.GreaterThanOrEqualTo(200));
    }

    [TestCase(0)]
    [TestCase(-3_600_000)]
    public async Task Timer_NowOrPast_FiresInTheNextTurn(int milliseconds)
    {
        OrchestrationState state = await RunAsync(async context =>
        {
            await context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(milliseconds));
            return true;
        });
        Assert.That(Output<bool>(state), Is.True);
    }

    [Test]
    public async Task Timer_Cancelled_ThrowsAndLetsTheInstanceEnd()
    {
        OrchestrationState state = await RunAsync(async context =>
        {
            using var cancel = new CancellationTokenSource();
            Task timer = context.CreateTimerAsync(context.CurrentTime.AddDays(1), cancel.Token);
            cancel.Cancel();
            try
            {
                await timer;
                return "fired";
            }
            catch (OperationCanceledException)
            {
                return "cancelled";
            }
        });
        Assert.That(Output<string>(state), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task Timer_CancelledInALaterTurn_LetsTheInstanceEnd()
    {
        Registry.AddActivity<int, int>("echo", (_, value) => Task.FromResult(value));
        OrchestrationState state = await RunAsync(async context =>
        {
            using var cancel = new CancellationTokenSource();
            Task timer = context.CreateTimerAsync(context.CurrentTime.AddDays(1), cancel.Token);
            await context.CallActivityAsync<int>("echo", 1);
            cancel.Cancel();
            return timer.IsCanceled;
        });
        Assert.That(Output<bool>(state), Is.True);
    }

    [Test]
    public async Task Timer_WithCancelledToken_IsCancelledAtOnce()
    {
        OrchestrationState state = await RunAsync(context =>
            Task.FromResult(context.CreateTimerAsync(context.CurrentTime.AddDays(1), new CancellationToken(true)).IsCanceled));
        Assert.That(Output<bool>(state), Is.True);
    }

    [Test]
    public async Task Timer_LeftAlone_HoldsTheInstanceOpen()
    {
        // "The Durable Task Framework doesn't change an orchestration's status to Completed until all outstanding tasks,
        // including durable timers, are completed or cancelled" (Durable Functions documentation, timers).
        Registry.AddOrchestrator<int, int>("main", static (context, wait) =>
        {
            _ = context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(wait));
            context.SetCustomStatus("returned");
            return Task.FromResult(1);
        });
        await StartHostAsync();
        string id;
        OrchestrationState seen;
        int wait = 300;
        do
        {
            // A timer that was faster than the look at it proves nothing: a later one is taken.
            id = await Client.ScheduleAsync("main", wait, null, Cancel);
            seen = await UntilStatusIs(id, "returned");
            wait *= 4;
        }
        while (seen.IsEnded && wait < 100_000);
        Assert.That(seen.Status, Is.EqualTo(OrchestrationStatus.Running));
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(1));
    }

    [Test]
    public async Task Timer_FarFuture_WaitsAndCanBeTerminated()
    {
        string id = await BeginAsync(async context =>
        {
            context.SetCustomStatus("waiting");
            await context.CreateTimerAsync(new DateTimeOffset(9999, 12, 31, 0, 0, 0, TimeSpan.Zero));
            return 1;
        });
        await UntilStatusIs(id, "waiting");
        await Host.ForgetAsync();
        Assert.That((await Client.GetAsync(id, true, Cancel))!.Status, Is.EqualTo(OrchestrationStatus.Running));
        await Client.TerminateAsync(id, "enough", true, Cancel);
        Assert.That((await EndOf(id)).Status, Is.EqualTo(OrchestrationStatus.Terminated));
    }

    [Test]
    public async Task Timer_Several_FireInOrderOfTime()
    {
        OrchestrationState state = await RunAsync(async context =>
        {
            List<int> order = [];
            async Task WaitAsync(int milliseconds)
            {
                await context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(milliseconds));
                order.Add(milliseconds);
            }

            await Task.WhenAll(WaitAsync(300), WaitAsync(100), WaitAsync(200));
            return order;
        });
        Assert.That(Output<int[]>(state), Is.EqualTo(new[] { 100, 200, 300 }));
    }

    [Test]
    public async Task Timer_Hundred_AllFire()
    {
        OrchestrationState state = await RunAsync(async context =>
        {
            await Task.WhenAll(Enumerable.Range(0, 100)
                .Select(number => context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(number))));
            return true;
        });
        Assert.That(Output<bool>(state), Is.True);
    }

    [Test]
    public async Task Timer_AfterForgetting_StillFires()
    {
        string id = await BeginAsync(async context =>
        {
            context.SetCustomStatus("waiting");
            await context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(300));
            return 1;
        });
        await UntilStatusIs(id, "waiting");
        await Host.ForgetAsync();
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(1));
    }

    [Test]
    public async Task CurrentTime_StandsStillWithinATurnAndNeverGoesBack()
    {
        Registry.AddActivity<int, int>("echo", (_, value) => Task.FromResult(value));
        OrchestrationState state = await RunAsync(async context =>
        {
            List<DateTimeOffset> times = [];
            for (int step = 0; step < 5; step++)
            {
                DateTimeOffset time = context.CurrentTime;
                Thread.SpinWait(10_000);
                if (context.CurrentTime != time)
                {
                    throw new InvalidOperationException("The time moved within a turn.");
                }

                times.Add(time);
                await context.CallActivityAsync<int>("echo", step);
            }

            return times;
        });
        DateTimeOffset[] times = Output<DateTimeOffset[]>(state)!;
        Assert.That(times, Is.Ordered);
        Assert.That(times.Select(time => time.Offset), Is.All.EqualTo(TimeSpan.Zero));
        Assert.That(times[0], Is.EqualTo(DateTimeOffset.UtcNow).Within(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public async Task StartAt_InTheFuture_StaysPendingUntilThen()
    {
        Registry.AddOrchestrator<int, DateTimeOffset>("main", (context, _) => Task.FromResult(context.CurrentTime));
        await StartHostAsync();
        OrchestrationStatus? before = null;
        (string id, DateTimeOffset startAt) =
            await BeforeItStartsAsync(async id => before = (await Client.GetAsync(id, true, Cancel))!.Status);
        Assert.That(before, Is.EqualTo(OrchestrationStatus.Pending));
        await Host.ForgetAsync();
        Assert.That(Output<DateTimeOffset>(await EndOf(id)), Is.GreaterThanOrEqualTo(startAt));
    }

    [Test]
    public async Task StartAt_Terminated_NeverStarts()
    {
        var started = new ConcurrentBag<string>();
        Registry.AddOrchestrator<int, int>("main", (context, _) =>
        {
            started.Add(context.InstanceId);
            return Task.FromResult(1);
        });
        await StartHostAsync();
        (string id, DateTimeOffset startAt) = await BeforeItStartsAsync(id => Client.TerminateAsync(id, null, true, Cancel));
        Assert.That((await EndOf(id)).Status, Is.EqualTo(OrchestrationStatus.Terminated));

        // A second instance that is due later has run: so the first would have.
        await EndOf(await Client.ScheduleAsync("main", 0,
            new StartOptions { StartAt = startAt.AddMilliseconds(100), InstanceId = "later" }, Cancel));
        Assert.That(started, Does.Not.Contain(id));
        Assert.That((await Client.GetAsync(id, true, Cancel))!.Status, Is.EqualTo(OrchestrationStatus.Terminated));
    }

    /// <summary>
    /// Does something to an instance that is due soon, before it is; where the machine was too slow for that, to one that is due
    /// later.
    /// </summary>
    private async Task<(string Id, DateTimeOffset StartAt)> BeforeItStartsAsync(Func<string, Task> act)
    {
        for (TimeSpan wait = TimeSpan.FromMilliseconds(300); ; wait *= 4)
        {
            DateTimeOffset startAt = DateTimeOffset.UtcNow + wait;
            string id = await Client.ScheduleAsync("main", 0, new StartOptions { StartAt = startAt }, Cancel);
            await act(id);
            if (DateTimeOffset.UtcNow < startAt)
            {
                return (id, startAt);
            }
        }
    }
}
