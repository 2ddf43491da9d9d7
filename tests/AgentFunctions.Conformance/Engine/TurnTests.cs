using AgentFunctions.Conformance.Embedded;
using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Engine;

/// <summary>An instance's turns come one after the other, however its steps end.</summary>
[CancelAfter(300_000)]
public sealed class TurnTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Turns_StepsEndAtAnyMoment_NeverOverlap()
    {
        int overlaps = 0;
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("work", async (_, number) =>
            {
                if (number % 3 == 0)
                {
                    await Task.Yield();
                }

                Thread.SpinWait(number % 7 * 100);
                return number;
            })
            .AddOrchestrator<int, int>("main", async (context, count) =>
            {
                int inside = 0;
                int sum = 0;
                await Task.WhenAll(Enumerable.Range(0, 4).Select(async lane =>
                {
                    for (int step = 0; step < count; step++)
                    {
                        int number = await context.CallActivityAsync<int>("work", (lane * 31) + step);
                        if (Interlocked.Increment(ref inside) != 1)
                        {
                            Interlocked.Increment(ref overlaps);
                        }

                        sum += number;
                        Thread.SpinWait(50);
                        Interlocked.Decrement(ref inside);
                    }
                }));
                return sum;
            });
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(registry, isInMemory: true,
            options => options.MaxConcurrentTurns = 8);
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(_ => host.Client.ScheduleAsync("main", 250, null, Cancel)));
        OrchestrationState[] states = await Task.WhenAll(ids.Select(id => host.Client.WaitForCompletionAsync(id, Cancel)));
        int expected = Enumerable.Range(0, 4).Sum(lane => Enumerable.Range(0, 250).Sum(step => (lane * 31) + step));
        Assert.That(states.Select(state => state.Output), Is.All.EqualTo($"{expected}"),
            $"{states.FirstOrDefault(state => state.Failure is not null)}");
        Assert.That(overlaps, Is.Zero);
        await host.VerifyAsync();
    }
}
