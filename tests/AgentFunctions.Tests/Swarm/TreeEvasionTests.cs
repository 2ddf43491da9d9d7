using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>What a lead, or who takes it up again, might try to pass the bounds of its tree.</summary>
[CancelAfter(300_000)]
internal sealed class TreeEvasionTests
{
    private static readonly AgentTool Secret = AgentTool.Create("secret", "Tells a secret.", ToolEffect.None,
        static () => "the secret");

    [TestCase(Delegation.Kimi)]
    [TestCase(Delegation.Claude)]
    public async Task ThousandsOfTasksInOneTurn_BeyondTheBound_AreRefusedOneByOneAndTheRestIsDone(Delegation delegation)
    {
        const int Asked = 2_000;
        // By requests and not by turns: so many refusals may not fit the lead's window, and then it goes on from a summary.
        int leads = 0;
        await using RunHost host = await StartAsync(
            delegation,
            request => (delegation, request.Tools.Count == 0 ? int.MaxValue : Interlocked.Increment(ref leads)) switch
            {
                (Delegation.Kimi, 1) => Create(),
                (Delegation.Kimi, 2) => Assign(Enumerable.Range(0, Asked).Select(static number => $"{number}")),
                (Delegation.Claude, 1) => new ChatReply
                {
                    Calls = [.. Enumerable.Range(0, Asked).Select(static number => ChatReplyCall.Of("Task",
                        new { description = "x", prompt = $"{number}", subagent_type = "worker" }))],
                },
                _ => ChatReply.Say("done"),
            },
            static request => ChatReply.Say($"did {GoalOf(request)}"),
            options: static bounds => bounds.MaxSubAgents = 20);

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, 20)), run.Error?.Message);
        JournalEvent[] ends =
            [.. (await host.JournalAsync(run.Id)).Where(static e => e is { Type: JournalEventTypes.ToolCompleted, Tool: not "create_subagent" })];
        Assert.That(ends.Select(static end => end.Call), Is.EquivalentTo(Enumerable.Range(0, Asked)),
            "each call has its one end");
        Assert.That(
            ends.Where(static end => end.IsError != true).Select(static end => (end.Call, end.Text)),
            Is.EquivalentTo(Enumerable.Range(0, 20).Select(static number => ((int?)number, $"did {number}"))));
        Assert.That(ends.Where(static end => end.IsError == true).Select(static end => end.Text),
            Has.All.Contains("bound on sub-agents would be passed"));
        Assert.That(await host.AliveAsync(), Is.Empty);
    }

    [Test]
    public async Task NestedFiftyDeep_StopsAtTheDepthOfTheHost()
    {
        await using RunHost host = await StartAsync(
            Delegation.Native, Deeper, Deeper,
            options: static bounds => (bounds.MaxDepth, bounds.MaxSteps, bounds.MaxSubAgents) = (10, 1_000_000, 10_000));

        Run run = await host.RunAsync(request: new() { Budget = new Budget { Steps = 1_000_000 } });

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        string[] ids = [.. (await host.AllAsync()).Select(static state => state.InstanceId)];
        Assert.That(ids.Max(static id => id.Count(static c => c == '.')), Is.EqualTo(10));
        Assert.That(
            (await host.TranscriptAsync(ids.MaxBy(static id => id.Length)!)).SelectMany(static entry => entry.Message.Contents)
                .OfType<Microsoft.Extensions.AI.FunctionResultContent>().Select(static result => result.Result?.ToString()),
            Has.Some.Contains("there is no tool 'spawn'"));
        Assert.That(await host.AliveAsync(), Is.Empty);

        static ChatReply Deeper(ChatRequest request) => request.Turn switch
        {
            0 => ChatReply.Call("spawn", new { items = new[] { "on" }, template = $"{GoalOf(request)} {{item}}" }),
            1 when request.Tools.Contains("wait") => ChatReply.Call("wait", new { }),
            _ => ChatReply.Say("that was all"),
        };
    }

    [Test]
    public async Task LeadTakenUpAgainOrGrantedMore_HasOnlyWhatItsTreeHadLeft()
    {
        await using RunHost host = await StartAsync(
            Delegation.Native,
            static request => request.Turn switch
            {
                0 => ChatReply.Call("spawn", new { items = new[] { "a", "b", "c" }, template = "Read" }),
                1 => ChatReply.Call("wait", new { }),
                2 => ChatReply.Say("done"),
                3 => ChatReply.Call("spawn", new { items = new[] { "d", "e" }, template = "Read" }),
                4 => ChatReply.Call("spawn", new { items = new[] { "d" }, template = "Read" }),
                5 => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("done again"),
            },
            static _ => ChatReply.Say("read"),
            options: static bounds => bounds.MaxSubAgents = 4);
        Run run = await host.RunAsync(request: new() { Budget = new Budget { Steps = 500 } });

        await host.Steering.GrantAsync(run.Id, new Budget { SubAgents = 1_000 });
        await host.Steering.SendAsync(run.Id, "Go on.");
        do
        {
            run = await host.Reader.WaitForEndAsync(run.Id);
        }
        while (run.Result?.Text != "done again" && run.Status == RunStatus.Completed);

        Assert.That((run.Status, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, 4)));
        Assert.That(
            (await host.TranscriptAsync(run.Id)).SelectMany(static entry => entry.Message.Contents)
                .OfType<Microsoft.Extensions.AI.FunctionResultContent>()
                .Select(static result => result.Result?.ToString()),
            Has.Some.Contains("may start 1 sub-agents at the most and asks for 2"));
    }

    [Test]
    public async Task ForkOfASubAgent_WithABudgetOfItsOwn_HasNoMoreToolsOrLevelsThanTheSubAgentHad()
    {
        await using RunHost host = await RunHost.StartAsync(
            services =>
            {
                services.ConfigureSwarm(static bounds => (bounds.MaxDepth, bounds.MaxSubAgents) = (2, 5));
                services.AddAgent(Agent.Create("scout").WithDescription("Scouts.").WithInstructions("Scout.")
                    .WithDelegation(Delegation.Native).Build());
            },
            static request => (IsLead(request), request.Turn) switch
            {
                (true, 0) => ChatReply.Call("spawn", new { items = new[] { "north" }, template = "Look", agent = "scout" }),
                (true, 1) => ChatReply.Call("wait", new { }),
                (false, 0) => ChatReply.Call("secret", new { }),
                // The fork asks for more than its tree, and its sub-agents for more levels.
                (false, 1) when request.Tools.Contains("spawn") =>
                    ChatReply.Call("spawn", new { items = Enumerable.Repeat("x", 6), template = "Look" }),
                (false, 2) when request.Tools.Contains("spawn") =>
                    ChatReply.Call("spawn", new { items = new[] { "x" }, template = "Look further" }),
                (false, 3) when request.Tools.Contains("wait") => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("done"),
            },
            [Echo, Secret],
            static agent => agent.WithInstructions(LeadInstructions).WithTools("echo").WithDelegation(Delegation.Native));
        Run run = await host.RunAsync(request: new() { Agent = "worker" });

        Run fork = await host.Get<RunForking>().ForkAsync(
            run.Id + ".1-0-0", new ForkRequest { Turn = 0, Budget = new Budget { Steps = 100, SubAgents = 1_000 } });
        fork = await host.Reader.WaitForEndAsync(fork.Id);

        Assert.That(fork.Status, Is.EqualTo(RunStatus.Completed));
        ChatRequest[] asked = [.. host.Model.Requests.Where(static request => !IsLead(request))];
        Assert.That(asked, Has.None.Matches<ChatRequest>(static request => request.Tools.Contains("secret")));
        string[] ids = [.. (await host.AllAsync()).Select(static state => state.InstanceId)
            .Where(id => id.StartsWith(fork.Id, StringComparison.Ordinal))];
        Assert.That(ids, Is.EquivalentTo(new[] { fork.Id, fork.Id + ".3-0-0" }), "one level below, as below the sub-agent");
        Assert.That(
            (await host.TranscriptAsync(fork.Id)).SelectMany(static entry => entry.Message.Contents)
                .OfType<Microsoft.Extensions.AI.FunctionResultContent>()
                .Select(static result => result.Result?.ToString()),
            Has.Some.Contains("there is no tool 'secret'").And.Some.Contains("may start 5 sub-agents at the most and asks for 6"));
    }

    [Test]
    public async Task ChainOfHandOffs_ThroughAgentsWithMoreTools_GainsNothing()
    {
        AgentTool write = AgentTool.Create("write", "Writes.", ToolEffect.Idempotent, static () => "written");
        await using RunHost host = await StartAsync(
            Delegation.Native,
            static request => request.Turn switch
            {
                0 => ChatReply.Call("spawn", new { items = new[] { "one" }, template = "Hand on", agent = "rich" }),
                1 => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("done"),
            },
            static request => request.Turn switch
            {
                0 when request.Tools.Contains("spawn") =>
                    ChatReply.Call("spawn", new { items = new[] { "two" }, template = $"{GoalOf(request)} on", agent = "rich" }),
                1 when request.Tools.Contains("wait") => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("handed on"),
            },
            [Echo, Secret, write],
            static bounds => bounds.MaxDepth = 4,
            Agent.Create("rich").WithDescription("Has all.").WithInstructions("Hand on.").WithTools("echo", "secret", "write")
                .WithDelegation(Delegation.Native),
            Agent.Create("poor").WithDescription("Leads.").WithInstructions(LeadInstructions).WithTools("echo")
                .WithDelegation(Delegation.Native));

        Run run = await host.RunAsync(request: new() { Agent = "poor" });

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        ChatRequest[] below = [.. host.Model.Requests.Where(static request => !IsLead(request))];
        Assert.That(below.Select(static request => GoalOf(request).Split(" on").Length - 1).Max(), Is.EqualTo(4), "levels");
        Assert.That(below, Has.None.Matches<ChatRequest>(static request => request.Tools.Contains("secret")
            || request.Tools.Contains("write")));
        Assert.That(below.Last(static request => !request.Tools.Contains("spawn")).Tools, Is.EqualTo(new[] { "echo" }));
    }
}
