using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class TreeSteeringTests
{
    private const int Children = 3;

    private readonly SemaphoreSlim _atWork = new(0);
    private readonly TaskCompletionSource _go = new();

    [Test]
    public async Task PauseThenResume_HoldsTheWholeTreeAndLetsItGoOn()
    {
        await using RunHost host = await StartSceneAsync();
        Run run = await BeginAsync(host);

        await host.Steering.PauseAsync(run.Id);
        Assert.That((await host.AliveAsync()).Select(state => state.Status),
            Is.EqualTo(Enumerable.Repeat(OrchestrationStatus.Suspended, 1 + Children)));
        int asked = host.Model.Count;
        _go.SetResult();
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        Assert.That(async () => await host.Reader.WaitForEndAsync(run.Id, soon.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(host.Model.Count, Is.EqualTo(asked));

        await host.Steering.ResumeAsync(run.Id);
        run = await host.Reader.WaitForEndAsync(run.Id);
        Assert.That((run.Status, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, Children)));
        Assert.That(await host.AliveAsync(), Is.Empty);
    }

    [Test]
    public async Task PauseAndResume_WhileSubAgentsComeAndGoOnTwoLevels_HoldAllOfThemEachTimeAndLoseNone()
    {
        const int Leads = 10;
        const int Each = 8;
        var asked = new SemaphoreSlim(0);
        static bool IsMiddle(ChatRequest request) => GoalOf(request).StartsWith("Have", StringComparison.Ordinal);
        await using RunHost host = await StartAsync(
            Delegation.Native,
            request => Lead(request, Enumerable.Range(0, Leads).Select(static number => $"{number}"), "Have part {item} read."),
            request =>
            {
                asked.Release();
                return IsMiddle(request)
                    ? Lead(request, Enumerable.Range(0, Each).Select(static number => $"{number}"), "Read page {item}.")
                    : ChatReply.Say("read") with { Before = static token => Task.Delay(5, token) };
            },
            options: static bounds => bounds.MaxConcurrent = 12);
        Run run = await host.SubmitAsync();

        for (int time = 0; time < 4; time++)
        {
            for (int request = 0; request < 12; request++)
            {
                await asked.WaitAsync(TestContext.CurrentContext.CancellationToken);
            }

            await host.Steering.PauseAsync(run.Id);
            Assert.That((await host.AliveAsync()).Select(static state => state.Status),
                Has.All.EqualTo(OrchestrationStatus.Suspended));
            await host.Steering.ResumeAsync(run.Id);
        }

        run = await host.Reader.WaitForEndAsync(run.Id);
        Assert.That((run.Status, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, Leads + (Leads * Each))));
        Assert.That(await host.AliveAsync(), Is.Empty);

        static ChatReply Lead(ChatRequest request, IEnumerable<string> items, string template) => request.Turn switch
        {
            0 => ChatReply.Call("spawn", new { items, template }),
            1 => ChatReply.Call("wait", new { }),
            _ => ChatReply.Say("done"),
        };
    }

    [Test]
    public async Task Wait_ForOneOfMoreSubAgentsThanAnExecutionHasSteps_EndsWhileTheOthersAreAtWork()
    {
        const int Many = 120;
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        AgentTool hold = AgentTool.Create("hold", "Waits.", ToolEffect.None, async (string goal) =>
        {
            await (goal == "Read page 0." ? Task.CompletedTask : _go.Task);
            return "held";
        });
        await using RunHost host = await StartAsync(
            Delegation.Native,
            request =>
            {
                if (request.Turn == 2)
                {
                    heard.TrySetResult();
                }

                return request.Turn switch
                {
                    0 => ChatReply.Call("spawn", new
                    {
                        items = Enumerable.Range(0, Many).Select(static number => $"{number}"),
                        template = "Read page {item}.",
                    }),
                    1 => ChatReply.Call("wait", new { count = 1 }),
                    2 => ChatReply.Call("wait", new { }),
                    _ => ChatReply.Say("done"),
                };
            },
            static request => request.Turn == 0 ? ChatReply.Call("hold", new { goal = GoalOf(request) }) : ChatReply.Say("read"),
            tools: [hold],
            options: static bounds => bounds.MaxConcurrent = 2 * Many);
        Run run = await host.SubmitAsync();

        await heard.Task.WaitAsync(TestContext.CurrentContext.CancellationToken);
        RunSubAgents shown = (await host.Reader.GetAsync(run.Id))!.SubAgents;
        Assert.That((shown.Total, shown.Running), Is.EqualTo((Many, Many - 1)));

        _go.SetResult();
        run = await host.Reader.WaitForEndAsync(run.Id);
        Assert.That((run.Status, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, Many)));
        Assert.That(await host.AliveAsync(), Is.Empty);
    }

    [Test]
    public async Task Cancel_OfAPausedTree_LeavesNothingRunning()
    {
        await using RunHost host = await StartSceneAsync();
        Run run = await BeginAsync(host);
        await host.Steering.PauseAsync(run.Id);

        await host.Steering.CancelAsync(run.Id);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(await host.AliveAsync(), Is.Empty);
    }

    [Test]
    public async Task Tree_OfARunAtWork_ShowsWhoDoesWhatAndWhatItCosts()
    {
        await using RunHost host = await StartSceneAsync(bounds: 2);
        Run run = await BeginAsync(host, 2);

        RunTree tree = await host.Get<RunTreeReader>().GetAsync(run.Id);

        Assert.That((tree.Run.Status, tree.Run.WaitingFor?.Kind), Is.EqualTo((RunStatus.Waiting, "subAgents")));
        Assert.That(
            tree.Children.Select(child => (child.Name, child.Run.Goal, child.Run.Status)),
            Is.EqualTo(new[] { ("reader", "0", RunStatus.Running), ("reader", "1", RunStatus.Running),
                ("reader", "2", RunStatus.Queued) }));
        // The lead's two turns with four calls, and the first turn with its call of each that is at work.
        Assert.That((tree.Steps, tree.CriticalSteps, tree.Usage.InputTokens),
            Is.EqualTo((2 + 1 + Children + (2 * 2), 4 + 2, 40L)));
        Assert.That((await host.Reader.ListPageAsync(new RunFilter(), 10)).Items.Select(item => item.Id),
            Is.EqualTo(new[] { run.Id }));

        _go.SetResult();
        run = await host.Reader.WaitForEndAsync(run.Id);
        tree = await host.Get<RunTreeReader>().GetAsync(run.Id);
        Assert.That((tree.Steps, tree.CriticalSteps), Is.EqualTo((run.Steps, run.CriticalSteps)));
    }

    [Test]
    public async Task SendAndGrant_ToASubAgentThatHasReported_AreRefused()
    {
        _go.SetResult();
        await using RunHost host = await StartSceneAsync();
        Run run = await host.RunAsync();
        string child = (await host.Get<RunTreeReader>().GetAsync(run.Id)).Children[0].Run.Id;

        foreach (Func<Task> act in new Func<Task>[]
        {
            () => host.Steering.SendAsync(child, "Go on."), () => host.Steering.GrantAsync(child, new() { Steps = 1_000 }),
        })
        {
            Assert.That(act, Throws.TypeOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.RunStateForbids).And.Message.Contains(run.Id));
        }
    }

    private Task<RunHost> StartSceneAsync(int bounds = 64) => StartAsync(
        Delegation.Kimi,
        request => request.Turn switch
        {
            0 => Create(),
            1 => Assign(Enumerable.Range(0, Children).Select(number => $"{number}")),
            _ => ChatReply.Say("done"),
        },
        request => request.Turn == 0
            ? ChatReply.Call("echo", new { text = "x" })
            : ChatReply.Say("read") with
            {
                Before = async token =>
                {
                    _atWork.Release();
                    await _go.Task.WaitAsync(token);
                },
            },
        options: options => options.MaxConcurrent = bounds);

    private async Task<Run> BeginAsync(RunHost host, int atWork = Children)
    {
        Run run = await host.SubmitAsync();
        for (int child = 0; child < atWork; child++)
        {
            await _atWork.WaitAsync();
        }

        return run;
    }
}
