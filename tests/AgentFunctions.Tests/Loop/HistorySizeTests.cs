using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Loop;

[CancelAfter(300_000)]
internal sealed class HistorySizeTests
{
    [Test]
    public async Task Run_HundredModelCallsAtTwoHundredThousandTokens_KeepsAllHistoryTogetherUnderAMegabyte()
    {
        const int Large = 6, Calls = 100;
        long history = 0;
        int atSize = 0;
        RunHost? used = null;
        // The history up to here, as it is at each turn; that of executions that are over was counted when they ended.
        long[] seen = new long[Large + Calls + 2];
        AgentTool measure = new(
            AgentTool.CreateFunction("measure", "Returns text.", async (ToolContext context, int turn, int length) =>
            {
                await foreach (HistoryEvent next in used!.Get<IOrchestrationClient>().ReadHistoryAsync(context.RunId))
                {
                    seen[turn] += JsonSerializer.SerializeToUtf8Bytes(next, DurableJson.Options).Length;
                }

                return new string('x', length);
            }),
            ToolEffect.None)
        {
            ResultLimit = 1_000_000,
        };
        await using RunHost host = used = await RunHost.StartAsync(
            request =>
            {
                int turn = request.Turn + 1;
                int tokens = request.Body.GetRawText().Length / 4;
                atSize += tokens >= 209_000 ? 1 : 0;
                return (turn <= Large ? ChatReply.Call("measure", new { turn, length = 145_000 })
                    : turn <= Large + Calls ? ChatReply.Call("measure", new { turn, length = 10 })
                    : ChatReply.Say("done")) with
                { Usage = new(tokens, 20) };
            },
            [measure], null, ("Models:test:ContextWindow", "400000"));
        host.Model.Record = false;

        Run run = await host.RunAsync();

        for (int turn = 1; turn < seen.Length - 1; turn++)
        {
            // Where it is shorter than before, the run has continued as new: what was before counts as it last was.
            history += seen[turn] < seen[turn - 1] ? seen[turn - 1] : 0;
        }

        history += seen[^2];
        TestContext.Out.WriteLine($"{atSize} calls of 209,000 tokens or more, {history:N0} bytes of history");
        Assert.That((run.Status, run.Turns), Is.EqualTo((RunStatus.Completed, Large + Calls + 1)));
        Assert.That(atSize, Is.GreaterThanOrEqualTo(Calls));
        Assert.That(history, Is.LessThan(1024 * 1024).And.GreaterThan(10_000));
    }

    [Test]
    public async Task Run_ManyTurns_HoldsAtMostThreeEventsForEachOfAHundredSteps()
    {
        const int Turns = 160;
        var events = new List<int>();
        RunHost? used = null;
        AgentTool measure = new(
            AgentTool.CreateFunction("measure", "Counts.", async (ToolContext context) =>
            {
                int count = 0;
                await foreach (HistoryEvent _ in used!.Get<IOrchestrationClient>().ReadHistoryAsync(context.RunId))
                {
                    count++;
                }

                events.Add(count);
                return count;
            }),
            ToolEffect.None);
        await using RunHost host = used = await RunHost.StartAsync(
            request => request.Turn < Turns ? ChatReply.Call("measure", new { }) : ChatReply.Say("done"), [measure]);
        host.Model.Record = false;

        Run run = await host.RunAsync();

        int executions = 1 + events.Zip(events.Skip(1)).Count(static pair => pair.Second < pair.First);
        TestContext.Out.WriteLine($"at most {events.Max()} events in one of {executions} executions");
        Assert.That((run.Status, run.Steps), Is.EqualTo((RunStatus.Completed, (2 * Turns) + 1)));
        Assert.That(executions, Is.EqualTo(1 + (run.Steps / 100)));
        Assert.That(events.Max(), Is.InRange(250, 305));
    }
}
