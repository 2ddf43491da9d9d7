using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>A lead that takes more steps than an execution may have, with a sub-agent at work all the time.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LongExecutionTests : IDisposable
{
    private const int Turns = 20;
    private const int CallsOfATurn = 100;

    private readonly TemporaryFolder _folder = new();
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _lateHasBegun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Steps_PastTheMostBesideASubAgent_TheLeadIsHeardAndGoesOnWithAShortHistory()
    {
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RunHost host = await StartAsync(request =>
        {
            switch (request.Turn - Turns)
            {
                case 2:
                    waits.TrySetResult();
                    return ChatReply.Call("wait", new { });
                case 3:
                    heard.TrySetResult(request.Body.GetRawText());
                    return ChatReply.Call("wait", new { });
                default:
                    return ChatReply.Say("done");
            }
        });
        Run run = await host.SubmitAsync();

        await waits.Task.WaitAsync(Cancel);
        Assert.That((await host.AllAsync()).Count, Is.EqualTo(2), "the second has not begun");
        await host.Steering.SendAsync(run.Id, "Look at page 7 too.");
        Assert.That(await heard.Task.WaitAsync(Cancel), Does.Contain("page 7"));
        Assert.That(await HistoryAsync(host, run.Id), Is.GreaterThan(Turns * CallsOfATurn), "it is in its first execution");

        _go.SetResult();
        await EnsureDoneAsync(host, run);
        Assert.That(await HistoryAsync(host, run.Id), Is.LessThan(100));
    }

    [Test]
    public async Task StepThatWaitsForPeople_PastTheMost_DoesNotHoldUpSubAgentsThatWait()
    {
        await using RunHost host = await StartAsync(
            static request => request.Turn == Turns + 2 ? ChatReply.Call("send", new { }) : ChatReply.Say("done"));
        Run run = await host.SubmitAsync();
        ApprovalService approvals = host.Get<ApprovalService>();

        Approval open = (await Poll.ForAsync(
            () => approvals.ListOfTreeAsync(run.Id, null, Cancel), static found => found.Count > 0, Cancel))[0];
        Assert.That(_lateHasBegun.Task.IsCompleted, Is.False);
        _go.SetResult();
        await _lateHasBegun.Task.WaitAsync(Cancel);
        await approvals.DecideAsync(open.Id, Caller.Local, approve: true);

        await EnsureDoneAsync(host, run);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Starts a host whose lead has a sub-agent at work for long, takes its steps, and asks for another.</summary>
    /// <param name="then">What the lead does after that.</param>
    private Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> then)
    {
        AgentTool hold = AgentTool.Create("hold", "Waits.", ToolEffect.None, async (string goal) =>
        {
            if (goal == "Read page late.")
            {
                _lateHasBegun.TrySetResult();
                return "held";
            }

            await _go.Task;
            return "held";
        }).WithTimeout(TimeSpan.FromMinutes(10));
        return RunHost.StartAsync(
            request => !IsLead(request)
                ? request.Turn == 0 ? ChatReply.Call("hold", new { goal = GoalOf(request) }) : ChatReply.Say("read")
                : request.Turn switch
                {
                    0 => Spawn("early"),
                    <= Turns => new ChatReply
                    {
                        Calls = [.. Enumerable.Range(0, CallsOfATurn)
                            .Select(call => ChatReplyCall.Of("echo", new { text = $"{request.Turn}.{call}" }))],
                    },
                    Turns + 1 => Spawn("late"),
                    _ => then(request),
                },
            [Echo, hold, AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, static () => "sent")],
            static agent => agent.WithInstructions(LeadInstructions).WithDelegation(Delegation.Native).WithMaxTurns(100),
            ("Models:test:ContextWindow", "10000000"),
            ("Governance:PolicyPath", _folder.Write("policy.yaml", "rules: [{name: ask, when: {tool: send}, then: ask}]")));

        static ChatReply Spawn(string page) => ChatReply.Call("spawn", new { items = new[] { page }, template = "Read page {item}." });
    }

    private static async Task EnsureDoneAsync(RunHost host, Run run)
    {
        run = await host.Reader.WaitForEndAsync(run.Id, Cancel);
        Assert.That((run.Status, run.Result?.Text, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, "done", 2)));
        Assert.That(await host.AliveAsync(), Is.Empty);
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
