using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;

namespace AgentFunctions.Conformance.Engine;

/// <summary>The embedded engine on a clock that the test moves, or upsets.</summary>
[Parallelizable(ParallelScope.Children)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class TimeTests : IAsyncDisposable
{
    private readonly VirtualTime _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly DurableRegistry _registry = new();
    private readonly TemporaryFolder _folder = new();
    private SqliteEngine? _engine;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private IOrchestrationClient Client => _engine!.Client;

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null)
        {
            await _engine.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Test]
    public async Task FiveDays_OfHourlyChecks_PassInSeconds()
    {
        _registry.AddActivity<int, int>("check", (_, hour) => Task.FromResult(hour + 1));
        _registry.AddOrchestrator<int, int>("monitor", async (context, hour) =>
        {
            for (int ofTheDay = 0; ofTheDay < 24; ofTheDay++)
            {
                hour = await context.CallActivityAsync<int>("check", hour);
                await context.CreateTimerAsync(context.CurrentTime.AddHours(1));
            }

            if (hour < 5 * 24)
            {
                context.ContinueAsNew(hour);
            }

            return hour;
        });
        await StartAsync();
        DateTimeOffset begin = _time.GetUtcNow();
        string id = await Client.ScheduleAsync("monitor", 0, null, Cancel);
        OrchestrationState state = await AdvanceToEndAsync(id, TimeSpan.FromMinutes(30));
        Assert.That(state.Output, Is.EqualTo("120"));
        Assert.That(state.LastUpdatedAt - begin, Is.GreaterThanOrEqualTo(TimeSpan.FromDays(5)));
    }

    [Test]
    public async Task Timer_AcrossARestart_FiresWhenItIsDue()
    {
        _registry.AddOrchestrator<int, DateTimeOffset>("wait", async (context, hours) =>
        {
            context.SetCustomStatus("waiting");
            await context.CreateTimerAsync(context.CurrentTime.AddHours(hours));
            return context.CurrentTime;
        });
        await StartAsync();
        DateTimeOffset begin = _time.GetUtcNow();
        string early = await Client.ScheduleAsync("wait", 1, null, Cancel);
        string late = await Client.ScheduleAsync("wait", 100, null, Cancel);
        await WaitingAsync(early, late);
        await _engine!.StopAsync();
        _time.Advance(TimeSpan.FromHours(50));
        await _engine.StartAsync(Cancel);
        Assert.That((await Client.WaitForCompletionAsync(early, Cancel)).IsEnded, Is.True);
        Assert.That((await Client.GetAsync(late, true, Cancel))!.Status, Is.EqualTo(OrchestrationStatus.Running));
        OrchestrationState state = await AdvanceToEndAsync(late, TimeSpan.FromHours(1));
        Assert.That(DurableJson.Deserialize<DateTimeOffset>(state.Output), Is.GreaterThanOrEqualTo(begin.AddHours(100)));
    }

    [Test]
    public async Task ManyTimers_MoreThanFitInMemory_AllFireInOrder()
    {
        const int Count = 6_000;
        List<int> order = [];
        _registry.AddActivity<int, int>("fired", (_, number) =>
        {
            lock (order)
            {
                order.Add(number);
            }

            return Task.FromResult(number);
        });
        _registry.AddOrchestrator<int, int>("wait", async (context, number) =>
        {
            await context.CreateTimerAsync(context.CurrentTime.Date.AddDays(2).AddMinutes(number));
            return await context.CallActivityAsync<int>("fired", number);
        });
        await StartAsync();
        int[] numbers = [.. Enumerable.Range(0, Count)];
        new Random(1).Shuffle(numbers);
        string[] ids = await Task.WhenAll(numbers.Select(number => Client.ScheduleAsync("wait", number, null, Cancel)));
        var pending = new OrchestrationQuery { Statuses = [OrchestrationStatus.Pending], PageSize = 1 };
        await Poll.UntilAsync(async () => (await Client.QueryAsync(pending, Cancel)).Items.Count <= 0, Cancel);

        // Half of them now, the other half from a fresh start.
        _time.Advance(TimeSpan.FromDays(2) + TimeSpan.FromMinutes((Count / 2) - 1));
        await Task.WhenAll(ids.Zip(numbers).Where(run => run.Second < Count / 2)
            .Select(run => Client.WaitForCompletionAsync(run.First, Cancel)));
        Assert.That(order.Order(), Is.EqualTo(Enumerable.Range(0, Count / 2)));
        await _engine!.StopAsync();
        await _engine.StartAsync(Cancel);
        _time.Advance(TimeSpan.FromMinutes(Count / 2));
        await Task.WhenAll(ids.Select(id => Client.WaitForCompletionAsync(id, Cancel)));
        Assert.That(order.Order(), Is.EqualTo(Enumerable.Range(0, Count)));
    }

    [Test]
    public async Task ClockJumpsForward_TimersThatBecameDue_Fire()
    {
        await StartAsync(TimeSpan.FromMinutes(1));
        string id = await ScheduleWaitAsync(TimeSpan.FromDays(10));
        _time.Step(TimeSpan.FromDays(20));
        _time.Advance(TimeSpan.FromMinutes(1));
        OrchestrationState state = await Client.WaitForCompletionAsync(id, Cancel);
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Completed));
    }

    [Test]
    public async Task ClockJumpsBack_TimersFireLaterAndTimeNeverGoesBack()
    {
        await StartAsync(TimeSpan.FromMinutes(1));
        string id = await ScheduleWaitAsync(TimeSpan.FromHours(1));
        _time.Step(TimeSpan.FromHours(-5));
        _time.Advance(TimeSpan.FromHours(1));

        // An event is taken in at the earlier time of the clock; the orchestrator must not see that.
        await Client.RaiseEventAsync(id, "look", null, Cancel);
        Assert.That((await Client.GetAsync(id, true, Cancel))!.Status, Is.EqualTo(OrchestrationStatus.Running));
        _time.Advance(TimeSpan.FromHours(5));
        OrchestrationState state = await Client.WaitForCompletionAsync(id, Cancel);
        Assert.That(state.Output, Is.EqualTo("true"), $"{state.Failure}");
    }

    [Test]
    public async Task ClockJumpsBack_AcrossARestart_LosesNothing()
    {
        await StartAsync(TimeSpan.FromMinutes(1));
        string id = await ScheduleWaitAsync(TimeSpan.FromHours(1));
        await _engine!.StopAsync();
        _time.Step(TimeSpan.FromDays(-400));
        await _engine.StartAsync(Cancel);
        await Client.RaiseEventAsync(id, "look", null, Cancel);
        string other = await ScheduleWaitAsync(TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.That((await Client.WaitForCompletionAsync(other, Cancel)).Output, Is.EqualTo("true"));
        _time.Step(TimeSpan.FromDays(400));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.That((await Client.WaitForCompletionAsync(id, Cancel)).Output, Is.EqualTo("true"));
    }

    private async Task StartAsync(TimeSpan? clockCheckInterval = null)
    {
        _registry.AddOrchestrator<TimeSpan, bool>("jumped", async (context, wait) =>
        {
            List<DateTimeOffset> seen = [context.CurrentTime];
            context.SetCustomStatus("waiting");
            Task timer = context.CreateTimerAsync(context.CurrentTime + wait);
            Task look = context.WaitForExternalEventAsync<object?>("look");
            await Task.WhenAny(timer, look);
            seen.Add(context.CurrentTime);
            await timer;
            seen.Add(context.CurrentTime);
            return seen.SequenceEqual(seen.Order()) && seen[^1] - seen[0] >= wait;
        });
        var options = new SqliteEngineOptions
        {
            DataFile = _folder.File("engine.db"),
            ClockCheckInterval = clockCheckInterval ?? TimeSpan.FromDays(1),
        };
        _engine = new SqliteEngine(options, _registry, _time);
        await _engine.StartAsync(Cancel);
    }

    private async Task<string> ScheduleWaitAsync(TimeSpan wait)
    {
        string id = await Client.ScheduleAsync("jumped", wait, null, Cancel);
        await WaitingAsync(id);
        return id;
    }

    private async Task WaitingAsync(params string[] ids)
    {
        foreach (string id in ids)
        {
            await Poll.UntilAsync(async () => (await Client.GetAsync(id, true, Cancel))!.CustomStatus is not null, Cancel);
        }
    }

    private async Task<OrchestrationState> AdvanceToEndAsync(string id, TimeSpan step)
    {
        Task<OrchestrationState> end = Client.WaitForCompletionAsync(id, Cancel);
        await Poll.UntilEndAsync(end, () => _time.Advance(step), Cancel);
        return await end;
    }
}
