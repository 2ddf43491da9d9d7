using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

[CancelAfter(300_000)]
internal sealed class AwaitedChildrenTests
{
    [Test]
    public async Task AssignTask_SeveralInOneTurn_RunInParallelAndReturnInTheOrderOfTheCalls()
    {
        var last = new TaskCompletionSource();
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch
            {
                0 => Create(),
                1 => Assign("one", "two", "three"),
                _ => ChatReply.Say("all read"),
            },
            request => request.Turn == 0
                ? ChatReply.Call("echo",
                    new { text = GoalOf(request) }) with
                {
                    Before = _ => GoalOf(request) == "one"
                        ? last.Task
                        : Task.CompletedTask
                }
                : ChatReply.Say($"result of {GoalOf(request)}") with
                {
                    Before = _ =>
                    {
                        // The first one cannot go on before the last one is done: they do not wait for each other.
                        if (GoalOf(request) == "three")
                        {
                            last.TrySetResult();
                        }

                        return Task.CompletedTask;
                    },
                });

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Result!.Text), Is.EqualTo((RunStatus.Completed, "all read")));
        Assert.That(host.LeadResults(2), Is.EqualTo(new[] { "result of one", "result of two", "result of three" }));
        // 3 turns and 4 calls of the lead, 3 steps of each sub-agent; the longest chain goes through one of them.
        Assert.That((run.Steps, run.CriticalSteps, run.Usage.InputTokens), Is.EqualTo((3 + 4 + 9, 3 + 2 + 3, 90L)));
        Assert.That((run.SubAgents.Total, run.SubAgents.Running), Is.EqualTo((3, 0)));
        Assert.That(await host.AliveAsync(), Is.Empty);
        JournalEvent[] ends =
            [.. (await host.JournalAsync(run.Id)).Where(e => e is { Type: JournalEventTypes.ToolCompleted, Run: not null })];
        Assert.That(ends, Has.Length.EqualTo(3));
        Run child = await host.Reader.GetAsync(ends[0].Run!);
        Assert.That((child.Parent, child.Status, child.Steps), Is.EqualTo((run.Id, RunStatus.Completed, 3)));
    }

    [Test]
    public async Task AssignTask_ManyMoreThanMayBeAtWork_AllAreDoneAndTheBoundHolds()
    {
        int atWork = 0;
        int most = 0;
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch
            {
                0 => Create(),
                1 => Assign(Enumerable.Range(0, 150).Select(number => $"task {number}")),
                _ => ChatReply.Say("all read"),
            },
            request => ChatReply.Say($"result of {GoalOf(request)}") with
            {
                Before = async token =>
                {
                    int now = Interlocked.Increment(ref atWork);
                    InterlockedMax(ref most, now);
                    await Task.Delay(5, token);
                    Interlocked.Decrement(ref atWork);
                },
            },
            options: bounds => bounds.MaxConcurrent = 8);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(2), Is.EqualTo(Enumerable.Range(0, 150).Select(number => $"result of task {number}")));
        Assert.That(most, Is.LessThanOrEqualTo(8));
        Assert.That((run.SubAgents.Total, run.Steps), Is.EqualTo((150, 3 + 151 + 150)));
        Assert.That((await host.AllAsync()).Count(state => state.InstanceId != run.Id), Is.EqualTo(150));
    }

    [Test]
    public async Task AssignTask_ChildFails_IsAResultForTheLead()
    {
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch
            {
                0 => Create(),
                1 => Assign("good", "bad", "endless"),
                _ => ChatReply.Say("done"),
            },
            request => GoalOf(request) switch
            {
                "bad" => ChatReply.Error(401, "no such key", "invalid_api_key"),
                "endless" => request.Tools.Count == 0 ? ChatReply.Say("got so far") : ChatReply.Call("echo", new { text = "on" }),
                _ => ChatReply.Say("good result"),
            },
            options: bounds => bounds.MaxSteps = 7);

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "done")));
        IReadOnlyList<string> results = host.LeadResults(2);
        Assert.That(results[0], Is.EqualTo("good result"));
        Assert.That(results[1], Does.Contain("failed").And.Contain("no such key"));
        Assert.That(results[2], Does.Contain("budgetExhausted").And.Contain("got so far"));
        Run[] children = await ChildrenAsync(host, run);
        Assert.That(children.Select(child => child.Status),
            Is.EquivalentTo(new[] { RunStatus.Completed, RunStatus.Failed, RunStatus.BudgetExhausted }));
        Assert.That(children.Single(child => child.Status == RunStatus.BudgetExhausted).Steps, Is.EqualTo(7));
    }

    [Test]
    public async Task Cancel_WhileSubAgentsWork_EndsThemFirst()
    {
        int begun = 0;
        var atWork = new TaskCompletionSource();
        AgentTool hang = AgentTool.Create("hang", "Waits for ever.", ToolEffect.None, (CancellationToken token) =>
        {
            if (Interlocked.Increment(ref begun) == 4)
            {
                atWork.SetResult();
            }

            return Task.Delay(Timeout.Infinite, token);
        });
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn == 0 ? Create() : Assign(Enumerable.Range(0, 10).Select(number => $"{number}")),
            _ => ChatReply.Call("hang", new { }),
            [hang],
            bounds => bounds.MaxConcurrent = 4);
        Run run = await host.SubmitAsync();
        await atWork.Task;

        await host.Steering.CancelAsync(run.Id, "ann");
        Run ended = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(ended.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(await host.AliveAsync(), Is.Empty);
        Run[] children = await ChildrenAsync(host, run);
        Assert.That(children.Select(child => child.Status), Is.EqualTo(Enumerable.Repeat(RunStatus.Cancelled, 4)));
        Assert.That(children.Select(child => child.CompletedAt!.Value), Is.All.LessThanOrEqualTo(ended.CompletedAt!.Value));
    }

    [Test]
    public async Task Task_OfTheCatalog_RunsThatAgentWithoutToolsThatTheLeadLacks()
    {
        AgentTool secret = AgentTool.Create("secret", "Tells a secret.", ToolEffect.None, () => "the secret");
        await using RunHost host = await RunHost.StartAsync(
            services => Microsoft.Extensions.DependencyInjection.AgentServiceCollectionExtensions.AddAgent(
                services, Agent.Create("explorer").WithDescription("Explores.").WithInstructions("Explore.")
                    .WithTools("echo", "secret").Build()),
            request => IsLead(request)
                ? request.Turn == 0
                    ? new ChatReply
                    {
                        Calls =
                        [
                            ChatReplyCall.Of("Task",
                                new { description = "look", prompt = "look around", subagent_type = "explorer" }),
                            ChatReplyCall.Of("Task",
                                new { description = "look", prompt = "look around", subagent_type = "nobody" }),
                        ],
                    }
                    : ChatReply.Say("done")
                : request.Turn == 0 ? ChatReply.Call("secret", new { }) : ChatReply.Say($"saw: {request.Last("tool")}"),
            [Echo, secret],
            agent => agent.WithInstructions(LeadInstructions).WithTools("echo").WithDelegation(Delegation.Claude));

        Run run = await host.Gateway.SubmitAsync(new() { Agent = "worker", Goal = "Reach the goal." });
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(1)[0], Does.Contain("there is no tool 'secret'"));
        Assert.That(host.LeadResults(1)[1], Does.Contain("there is no agent 'nobody'").And.Contain("explorer (Explores.)"));
        Assert.That(host.Model.Requests.First(request => !IsLead(request)).Tools, Is.EqualTo(new[] { "echo" }));
    }

    [Test]
    public async Task Budget_OfTheTree_IsNeverPassedAndWhatIsLeftComesBack()
    {
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch
            {
                0 => Create(),
                1 => Assign("a", "b", "c", "d"),
                2 => Assign("e"),
                _ => ChatReply.Say("done"),
            },
            request => GoalOf(request) == "e" || (request.Tools.Count > 0 && GoalOf(request) == "a")
                ? request.Tools.Count == 0 ? ChatReply.Say("cut short") : ChatReply.Call("echo", new { text = "on" })
                : ChatReply.Say("short work"),
            options: bounds => bounds.MaxSteps = 1_000);

        Run run = await host.RunAsync(request: new() { Budget = new Budget { Steps = 100 } });

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(run.Steps, Is.LessThanOrEqualTo(100));
        Dictionary<string, Run> children = (await ChildrenAsync(host, run)).ToDictionary(child => child.Goal);
        // 93 steps are left after the calls of the second turn: four fifths of them in four shares.
        Assert.That(children["a"].Budget!.Granted.Steps, Is.EqualTo(18));
        Assert.That(children["a"].Steps, Is.EqualTo(18));
        // The others used one step each. What they left came back, so the last one could have more than all that was kept.
        Assert.That(children["e"].Budget!.Granted.Steps, Is.GreaterThan(50));
        Assert.That(children["e"].Steps, Is.EqualTo(children["e"].Budget!.Granted.Steps));
    }

    internal static async Task<Run[]> ChildrenAsync(RunHost host, Run run)
    {
        var children = new List<Run>();
        foreach (OrchestrationState state in (await host.AllAsync()).Where(state => state.InstanceId.StartsWith(run.Id + ".",
            StringComparison.Ordinal)))
        {
            children.Add(await host.Reader.GetAsync(state.InstanceId));
        }

        return [.. children];
    }

    internal static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }
}
