using AgentFunctions.Models.Resilience;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Models.Resilience;

[CancelAfter(300_000)]
internal sealed class AdaptiveConcurrencyLimiterTests
{
    [Test]
    public async Task Enter_ManyWaiting_NeverPassesTheLimitAndFallsOnARefusalOnce()
    {
        var gate = new AdaptiveConcurrencyLimiter(4, TimeProvider.System);
        AdaptiveConcurrencyLimiter.Place[] places = await Task.WhenAll(Enumerable.Range(0, 4)
            .Select(_ => BegunAsync(gate, RunPriority.Normal)));
        Task<AdaptiveConcurrencyLimiter.Place> fifth = BegunAsync(gate, RunPriority.Normal);
        Assert.That(fifth.IsCompleted, Is.False);

        gate.Refused();
        gate.Refused();
        Assert.That(gate.Limit, Is.EqualTo(3), "calls that were under way already say nothing new");
        places[0].Dispose();
        Assert.That(fifth.IsCompleted, Is.False);
        places[1].Dispose();
        await fifth;
    }

    [Test]
    public async Task Enter_Urgent_GoesFirstButNobodyWaitsForEver()
    {
        var time = new FakeTimeProvider();
        var gate = new AdaptiveConcurrencyLimiter(1, time);
        AdaptiveConcurrencyLimiter.Place place = await BegunAsync(gate, RunPriority.Normal);
        Task<AdaptiveConcurrencyLimiter.Place> low = BegunAsync(gate, RunPriority.Low);
        Task<AdaptiveConcurrencyLimiter.Place> normal = BegunAsync(gate, RunPriority.Normal);
        Task<AdaptiveConcurrencyLimiter.Place> high = BegunAsync(gate, RunPriority.High);

        place.Dispose();
        place = await high;
        Assert.That((low.IsCompleted, normal.IsCompleted), Is.EqualTo((false, false)));
        time.Advance(TimeSpan.FromSeconds(90));
        Task<AdaptiveConcurrencyLimiter.Place> late = BegunAsync(gate, RunPriority.High);
        place.Dispose();
        place = await normal;
        place.Dispose();
        place = await low;
        Assert.That(late.IsCompleted, Is.False, "who came a minute and a half later waits, however urgent");
        place.Dispose();
        await late;
    }

    [Test]
    public async Task Enter_PlacesTaken_CallsUpTheNextFew()
    {
        var gate = new AdaptiveConcurrencyLimiter(4, TimeProvider.System);
        AdaptiveConcurrencyLimiter.Place[] begun = await Task.WhenAll(Enumerable.Range(0, 4)
            .Select(_ => BegunAsync(gate, RunPriority.Normal)));
        AdaptiveConcurrencyLimiter.Place fifth = await gate.EnterAsync(RunPriority.Normal, default);
        AdaptiveConcurrencyLimiter.Place sixth = await gate.EnterAsync(RunPriority.Normal, default);
        Task<AdaptiveConcurrencyLimiter.Place> seventh = gate.EnterAsync(RunPriority.Normal, default);
        Task sixthBegins = sixth.BeginAsync(default);
        Assert.That((seventh.IsCompleted, sixthBegins.IsCompleted), Is.EqualTo((false, false)));

        begun[0].Dispose();
        await sixthBegins;
        Task fifthBegins = fifth.BeginAsync(default);
        Assert.That(fifthBegins.IsCompleted, Is.False, "who is not ready is not waited for, and takes the next place");
        await seventh;

        begun[1].Dispose();
        await fifthBegins;
    }

    [Test]
    public async Task Begin_GivenUp_LeavesThePlaceToTheNext()
    {
        var gate = new AdaptiveConcurrencyLimiter(2, TimeProvider.System);
        AdaptiveConcurrencyLimiter.Place[] begun = await Task.WhenAll(Enumerable.Range(0, 2)
            .Select(_ => BegunAsync(gate, RunPriority.Normal)));
        AdaptiveConcurrencyLimiter.Place calledUp = await gate.EnterAsync(RunPriority.Normal, default);
        using var stop = new CancellationTokenSource();
        Task impatient = calledUp.BeginAsync(stop.Token);
        await stop.CancelAsync();
        Assert.That(async () => await impatient, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(calledUp.HasBegun, Is.False);
        calledUp.Dispose();

        Task<AdaptiveConcurrencyLimiter.Place> next = BegunAsync(gate, RunPriority.Normal);
        Assert.That(next.IsCompleted, Is.False);
        begun[0].Dispose();
        await next;
    }

    [Test]
    public async Task Enter_ManyOfOnePriority_AreLetInInTheOrderInWhichTheyCame()
    {
        const int Waiting = 100;
        var time = new FakeTimeProvider();
        var gate = new AdaptiveConcurrencyLimiter(1, time);
        AdaptiveConcurrencyLimiter.Place place = await BegunAsync(gate, RunPriority.Normal);
        var waiting = new List<Task<AdaptiveConcurrencyLimiter.Place>>();
        for (int number = 0; number < Waiting; number++)
        {
            waiting.Add(BegunAsync(gate, RunPriority.Normal));
            // Many come at the same moment, and time goes on between those.
            time.Advance(TimeSpan.FromMilliseconds(number % 3 == 0 ? 1 : 0));
        }

        for (int number = 0; number < Waiting; number++)
        {
            place.Dispose();
            place = await waiting[number].WaitAsync(TimeSpan.FromMinutes(4));
            Assert.That(waiting.Count(static next => next.IsCompleted), Is.EqualTo(number + 1), "nobody who came later");
        }
    }

    [Test]
    public async Task Enter_GivenUp_LeavesThePlaceToTheNext()
    {
        var gate = new AdaptiveConcurrencyLimiter(1, TimeProvider.System);
        AdaptiveConcurrencyLimiter.Place place = await BegunAsync(gate, RunPriority.Normal);
        using var stop = new CancellationTokenSource();
        Task<AdaptiveConcurrencyLimiter.Place> impatient = gate.EnterAsync(RunPriority.Normal, stop.Token);
        Task<AdaptiveConcurrencyLimiter.Place> next = BegunAsync(gate, RunPriority.Normal);

        await stop.CancelAsync();
        place.Dispose();

        Assert.That(async () => await impatient, Throws.InstanceOf<OperationCanceledException>());
        await next;
    }

    [Test]
    public async Task HundredRuns_ProviderTakesTwentyAtOnce_WasteAtMostFivePercentOfTheCalls()
    {
        int active = 0, refused = 0, most = 0;
        AgentTool echo = AgentTool.Create("echo", "Repeats.", ToolEffect.None, (string text) => text);
        await using RunHost host = await RunHost.StartAsync(
            request =>
            {
                int now = Interlocked.Increment(ref active);
                if (now > 20)
                {
                    Interlocked.Decrement(ref active);
                    Interlocked.Increment(ref refused);
                    return ChatReply.Error(429, "Too many concurrent requests.", "rate_limit_exceeded",
                        ("retry-after-ms", "100"));
                }

                InterlockedMax(ref most, now);
                ChatReply reply = request.Turn < 14 ? ChatReply.Call("echo", new { text = "x" }) : ChatReply.Say("done");
                return reply with
                {
                    Before = async token =>
                    {
                        try
                        {
                            await Task.Delay(40, token);
                        }
                        finally
                        {
                            Interlocked.Decrement(ref active);
                        }
                    },
                };
            },
            [echo]);

        Run[] submitted = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => host.SubmitAsync()));
        Run[] runs = await Task.WhenAll(submitted.Select(run => host.Reader.WaitForEndAsync(run.Id)));

        TestContext.Out.WriteLine($"{host.Model.Count} calls, {refused} refused ({100.0 * refused / host.Model.Count:0.0} %), at most {most} at once");
        Assert.That(runs.Select(run => run.Status), Is.All.EqualTo(RunStatus.Completed));
        Assert.That(refused, Is.LessThanOrEqualTo(host.Model.Count / 20));
        Assert.That(most, Is.GreaterThanOrEqualTo(18), "the provider's limit is used");
    }

    private static async Task<AdaptiveConcurrencyLimiter.Place> BegunAsync(AdaptiveConcurrencyLimiter gate, RunPriority priority)
    {
        AdaptiveConcurrencyLimiter.Place place = await gate.EnterAsync(priority, default);
        await place.BeginAsync(default);
        return place;
    }

    private static void InterlockedMax(ref int place, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref place)) < value && Interlocked.CompareExchange(ref place, value, seen) != seen)
        {
        }
    }
}
