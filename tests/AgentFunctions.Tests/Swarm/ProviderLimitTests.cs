using System.Collections.Concurrent;
using AgentFunctions.Agents;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

[CancelAfter(300_000)]
internal sealed class ProviderLimitTests
{
    private const int Limit = 20;
    private const int Children = 100;
    private const int Turns = 10;

    /// <summary>
    /// How many calls of others may be let in between the end of a sub-agent's call and its next: all others twice, and what its
    /// tool call and a refusal take. The one that starves is passed by nearly all calls of the swarm.
    /// </summary>
    private const int MostPassedBy = 3 * Children;

    [Test]
    public async Task Swarm_ProviderTakesTwentyAtOnce_FinishesWithFewWastedCallsAndNobodyStarves()
    {
        int active = 0;
        int refused = 0;
        int letIn = 0;
        int mostPassedBy = 0;
        // How many calls had been let in when a sub-agent became ready for its next one.
        var ready = new ConcurrentDictionary<string, int>();
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch
            {
                0 => Create(),
                1 => Assign(Enumerable.Range(0, Children).Select(static number => $"part {number}")),
                _ => ChatReply.Say("done"),
            },
            request =>
            {
                if (Interlocked.Increment(ref active) > Limit)
                {
                    Interlocked.Decrement(ref active);
                    Interlocked.Increment(ref refused);
                    return ChatReply.Error(429, "Too many concurrent requests.", "rate_limit_exceeded",
                        ("retry-after-ms", "100"));
                }

                string child = GoalOf(request);
                int now = Interlocked.Increment(ref letIn);
                AwaitedChildrenTests.InterlockedMax(ref mostPassedBy, now - 1 - ready.GetValueOrDefault(child));
                ChatReply reply = request.Turn < Turns - 1
                    ? ChatReply.Call("echo", new { text = "x" })
                    : ChatReply.Say($"result of {child}");
                return reply with
                {
                    Before = async token =>
                    {
                        try
                        {
                            await Task.Delay(25, token);
                        }
                        finally
                        {
                            Interlocked.Decrement(ref active);
                            ready[child] = Volatile.Read(ref letIn);
                        }
                    },
                };
            },
            // All of them at once, so that each waits from the beginning.
            options: static bounds => bounds.MaxConcurrent = Children);

        Run run = await host.RunAsync();

        TestContext.Out.WriteLine($"{host.Model.Count} calls, {refused} refused ({100.0 * refused / host.Model.Count:0.0} %); {mostPassedBy} calls passed one that was ready");
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(2),
            Is.EqualTo(Enumerable.Range(0, Children).Select(static number => $"result of part {number}")));
        Assert.That(refused, Is.InRange(1, host.Model.Count / 20));
        Assert.That(letIn, Is.EqualTo(Children * Turns));
        Assert.That(mostPassedBy, Is.LessThanOrEqualTo(MostPassedBy), "nobody starves");
    }
}
