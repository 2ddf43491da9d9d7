using AgentFunctions.Agents;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
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

    private static async Task<JournalEvent> EndedAsync(RunHost host, string runId, CancellationToken cancellationToken) =>
        (await host.Get<Journal>().ReadAsync(runId, 0, null, cancellationToken).Select(static entry => entry.Event)
            .ToListAsync(cancellationToken))
        .Single(static e => e.Type == JournalEventTypes.RunEnded);
}
