using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>
/// A lead that takes more steps than an execution may have, with a sub-agent at work all the time: it hears on, starts nobody
/// else, and continues as new when the sub-agent has ended.
/// </summary>
[CancelAfter(300_000)]
internal sealed class LongExecutionTests
{
    private const int Turns = 20;
    private const int CallsOfATurn = 100;

    [Test]
    public async Task Steps_PastTheMostBesideASubAgent_TheLeadIsStillHeardAndGoesOnWithAShortHistory()
    {
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        AgentTool hold = AgentTool.Create("hold", "Waits.", ToolEffect.None, async (string goal) =>
        {
            await (goal == "Read page early." ? go.Task : Task.CompletedTask);
            return "held";
        });
        await using RunHost host = await RunHost.StartAsync(
            request => !IsLead(request)
                ? request.Turn == 0 ? ChatReply.Call("hold", new { goal = GoalOf(request) }) : ChatReply.Say("read")
                : Lead(request),
            [Echo, hold],
            static agent => agent.WithInstructions(LeadInstructions).WithDelegation(Delegation.Native).WithMaxTurns(100),
            ("Models:test:ContextWindow", "10000000"));
        Run run = await host.SubmitAsync();

        await waits.Task.WaitAsync(TestContext.CurrentContext.CancellationToken);
        Assert.That((await host.AllAsync()).Count, Is.EqualTo(2), "The second has not begun.");
        await host.Steering.SendAsync(run.Id, "Look at page 7 too.");
        Assert.That(await heard.Task.WaitAsync(TestContext.CurrentContext.CancellationToken), Does.Contain("page 7"));
        Assert.That(await HistoryAsync(host, run.Id), Is.GreaterThan(Turns * CallsOfATurn), "It is in its first execution.");

        go.SetResult();
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((run.Status, run.Result?.Text, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, "done", 2)));
        Assert.That(await HistoryAsync(host, run.Id), Is.LessThan(100));
        Assert.That(await host.AliveAsync(), Is.Empty);

        ChatReply Lead(ChatRequest request)
        {
            switch (request.Turn)
            {
                case 0:
                    return Spawn("early");
                case <= Turns:
                    return new()
                    {
                        Calls = [.. Enumerable.Range(0, CallsOfATurn)
                            .Select(call => ChatReplyCall.Of("echo", new { text = $"{request.Turn}.{call}" }))],
                    };
                case Turns + 1:
                    return Spawn("late");
                case Turns + 2:
                    waits.TrySetResult();
                    return ChatReply.Call("wait", new { });
                case Turns + 3:
                    heard.TrySetResult(request.Body.GetRawText());
                    return ChatReply.Call("wait", new { });
                default:
                    return ChatReply.Say("done");
            }
        }

        static ChatReply Spawn(string page) => ChatReply.Call("spawn", new { items = new[] { page }, template = "Read page {item}." });
    }

    private static async Task<int> HistoryAsync(RunHost host, string runId)
    {
        int events = 0;
        await foreach (HistoryEvent _ in host.Get<IOrchestrationClient>().ReadHistoryAsync(runId))
        {
            events++;
        }

        return events;
    }
}
