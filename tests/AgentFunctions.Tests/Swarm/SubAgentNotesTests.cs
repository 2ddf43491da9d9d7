using AgentFunctions.Agents;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>
/// What was left out or mapped of a sub-agent's definition stands in its own run, as it would in a run that was submitted.
/// </summary>
[CancelAfter(300_000)]
internal sealed class SubAgentNotesTests
{
    [Test]
    public async Task SubAgent_ModelAndToolThatTheHostLacks_RunsWithANoteOnEach(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            Delegation.Native,
            static request => request.Turn switch
            {
                0 => ChatReply.Call("spawn", new { items = new[] { "a", "b" }, template = "Read {item}", agent = "published" }),
                1 => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("Done."),
            },
            static _ => ChatReply.Say("read"),
            agents: Agent.Create("published").WithInstructions("Read.").WithModel("sonnet").WithTools("echo", "Frobnicate"));

        Run run = await host.RunAsync(Goal, new() { Agent = "worker" });

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        RunRecord[] records = await host.Get<RunStore>().ListDescendantsAsync(run.Id, cancellationToken)
            .ToArrayAsync(cancellationToken);
        Assert.That(records, Has.Length.EqualTo(2));
        foreach (RunRecord child in records)
        {
            Assert.That(child.Notes, Has.Some.Contains("sonnet").And.Some.Contains("Frobnicate"));
            JournalEvent noted = (await host.JournalAsync(child.Id)).Single(static e => e.Type == JournalEventTypes.RunNoted);
            Assert.That(noted.Text, Is.EqualTo(string.Join(" ", child.Notes!)));
        }
    }
}
