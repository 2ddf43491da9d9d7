using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>A run that is completed without its sub-agents says so.</summary>
[CancelAfter(300_000)]
internal sealed class FailedSpawnTests
{
    [Test]
    public async Task Run_EverySpawnRefused_CompletesWithANote(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            Delegation.Native,
            request => request.Turn < 2
                ? ChatReply.Call("spawn", new { items = new[] { "a", "b" }, template = "Work", agent = "nobody" })
                : ChatReply.Say("Done."),
            static _ => ChatReply.Say("never"));

        Run run = await host.RunAsync(Goal);

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "Done.")));
        Assert.That(run.Result?.Note, Does.StartWith("No sub-agent was started: 2 calls for some failed."));
        Assert.That((await EndedAsync(host, run.Id, cancellationToken)).Text, Is.EqualTo(run.Result?.Note),
            "in watch, the event stream and show too");
    }

    [Test]
    public async Task Run_SubAgentsThatFail_CompletesWithANote(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            Delegation.Native,
            request => request.Turn switch
            {
                0 => ChatReply.Call("spawn",
                    new { items = new[] { "good", "bad" }, template = "Be {item}", budget = new { steps = 2 } }),
                1 => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("Done."),
            },
            static request => GoalOf(request).EndsWith("bad", StringComparison.Ordinal)
                ? ChatReply.Call("echo", new { text = "again" })
                : ChatReply.Say("good"));

        Run run = await host.RunAsync(Goal);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(run.Result?.Note, Does.StartWith("1 of 2 sub-agents gave no answer."));
    }

    [Test]
    public async Task Run_SubAgentsThatAnswer_HasNoNote()
    {
        await using RunHost host = await StartAsync(
            Delegation.Native,
            request => request.Turn switch
            {
                0 => ChatReply.Call("spawn", new { items = new[] { "a" }, template = "Work" }),
                1 => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("Done."),
            },
            static _ => ChatReply.Say("good"));

        Assert.That((await host.RunAsync(Goal)).Result?.Note, Is.Null);
    }

    [Test]
    public async Task Spawn_ModelWithoutAPriceInARunThatLimitsMoney_IsRefused(CancellationToken cancellationToken)
    {
        AgentBuilder cheap = Agent.Create("cheap").WithInstructions("You work.").WithModel("unpriced");
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddAgent(cheap.Build()),
            static request => !IsLead(request) ? ChatReply.Say("never")
                : request.Turn == 0 ? ChatReply.Call("spawn", new { items = new[] { "a" }, template = "Work", agent = "cheap" })
                : ChatReply.Say(request.Results[0]),
            [Echo], static agent => agent.WithInstructions(LeadInstructions).WithDelegation(Delegation.Native),
            ("Models:test:Price:Input", "1"), ("Models:test:Price:Output", "1"),
            ("Models:unpriced:Provider", "openai"), ("Models:unpriced:Endpoint", "http://127.0.0.1:1/v1"),
            ("Models:unpriced:Key", "sk-test"), ("Models:unpriced:Model", "unpriced"));

        Run run = await host.RunAsync(Goal, new RunRequest { Agent = "worker", Budget = new Budget { Usd = 5 } });
        Run free = await host.RunAsync(Goal, new RunRequest { Agent = "worker", Budget = new Budget { Steps = 20 } });

        Assert.That(run.Result?.Text, Does.Contain("'unpriced', whose price is not known"));
        Assert.That(free.Result?.Text, Does.Not.Contain("price"));
    }

    [TestCase(30, true)]
    [TestCase(20, false)]
    public async Task Spawn_MoreThanCanBeGivenTwoSteps_IsRefused(int items, bool isRefused)
    {
        await using RunHost host = await StartAsync(
            Delegation.Native,
            request => request.Turn switch
            {
                0 => ChatReply.Call("spawn", new { items = Enumerable.Range(0, items).Select(static item => $"{item}"), template = "Be {item}" }),
                1 => ChatReply.Say(request.Results[0]),
                _ => ChatReply.Say("Done."),
            },
            static _ => ChatReply.Say("good"));

        Run run = await host.RunAsync(Goal, new RunRequest { Budget = new Budget { Steps = 101 } });

        // Of the 100 steps that are left half can go to sub-agents that nobody waits for.
        Assert.That(run.Result?.Text.Contains($"{items} cannot be started", StringComparison.Ordinal), Is.EqualTo(isRefused));
    }

    private static async Task<JournalEvent> EndedAsync(RunHost host, string runId, CancellationToken cancellationToken) =>
        (await host.Get<Journal>().ReadAsync(runId, 0, null, cancellationToken).Select(static entry => entry.Event)
            .ToListAsync(cancellationToken))
        .Single(static e => e.Type == JournalEventTypes.RunEnded);
}
