using AgentFunctions.Agents;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Loop;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

[CancelAfter(120_000)]
internal sealed class ProviderLimitTests
{
    private const int Limit = 20;
    private const int Children = 100;

    [Test]
    public async Task Swarm_ProviderTakesTwentyAtOnce_FinishesWithFewWastedCallsAndNobodyStarves()
    {
        int active = 0;
        int refused = 0;
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
                    return ChatReply.Error(429, "Too many concurrent requests.", "rate_limit_exceeded", ("retry-after-ms", "100"));
                }

                ChatReply reply = request.Turn < 6 ? ChatReply.Call("echo", new { text = "x" }) : ChatReply.Say($"result of {GoalOf(request)}");
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
                        }
                    },
                };
            });

        Run run = await host.RunAsync();

        TestContext.Out.WriteLine($"{host.Model.Count} calls, {refused} refused ({100.0 * refused / host.Model.Count:0.0} %)");
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(2), Is.EqualTo(Enumerable.Range(0, Children).Select(static number => $"result of part {number}")));
        Assert.That(refused, Is.InRange(1, host.Model.Count / 20));
        // Who came first is not left behind by those that came after.
        Run[] children = [.. (await AwaitedChildrenTests.ChildrenAsync(host, run)).OrderBy(static child => int.Parse(child.Goal.Split(' ')[1]))];
        Assert.That(children[..20].Max(static child => child.CompletedAt), Is.LessThan(children.Max(static child => child.CompletedAt)!.Value));
    }
}
