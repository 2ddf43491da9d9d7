using AgentFunctions.Agents;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>What a sub-agent costs the data file in reads, as <c>docs/performance.md</c> says.</summary>
[CancelAfter(300_000)]
internal sealed class SubAgentReadsTests
{
    [Test]
    public async Task SubAgents_WithoutReceiversApprovalsAndOtherHosts_ReadFewRecordsEach()
    {
        const int Few = 5, Many = 25;
        long few = await ReadsAsync(Few), many = await ReadsAsync(Many);

        double each = (many - few) / (double)(Many - Few);
        TestContext.Out.WriteLine($"{each:F2} reads for each sub-agent of a call and an answer");
        Assert.That(each, Is.LessThan(MostReads));
    }

    private const double MostReads = 6;

    private static async Task<long> ReadsAsync(int children)
    {
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch
            {
                0 => Create(),
                1 => Assign(Enumerable.Range(0, children).Select(static child => $"Read part {child}.")),
                _ => ChatReply.Say("Done."),
            },
            static request => request.Turn == 0 ? ChatReply.Call("echo", new { text = "hello" }) : ChatReply.Say("read"));
        Run run = await host.RunAsync();
        Assert.That((run.Status, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, children)));
        return host.Get<SqliteEngine>().Core.Readers.Count;
    }
}
