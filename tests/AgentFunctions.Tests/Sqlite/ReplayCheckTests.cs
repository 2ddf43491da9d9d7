using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite.Operations;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Sqlite;

[CancelAfter(300_000)]
internal sealed class ReplayCheckTests
{
    private const int Runs = 300;

    private static readonly AgentTool Echo = AgentTool.Create("echo", "Repeats a text.", ToolEffect.None, (string text) => text);

    [Test]
    public async Task Run_OverHundredsOfParkedRuns_PassesTheLoopOfTodayAndFindsABrokenOne()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn < 2
                ? ChatReply.Call("echo", new { text = "x" })
                : ChatReply.Error(429, "Come back tomorrow.", "rate_limit_exceeded", ("retry-after", "86400")),
            [Echo]);
        Run[] runs = await Task.WhenAll(Enumerable.Range(0, Runs).Select(_ => host.SubmitAsync()));
        foreach (Run run in runs)
        {
            await Poll.UntilAsync(async () => (await host.Reader.GetAsync(run.Id)).Status == RunStatus.Waiting);
        }

        ReplayReport same = ReplayCheck.Run(host.DataFile, host.Get<DurableRegistry>());
        Assert.That((same.Checked, same.Differences.Count), Is.EqualTo((Runs, 0)));

        ReplayReport broken = ReplayCheck.Run(host.DataFile, new DurableRegistry()
            .AddOrchestrator<RunState, RunOutcome?>(AgentLoop.Name, LoopWithAStepMoreAsync));
        Assert.That(broken.Differences, Has.Count.EqualTo(Runs));
        Assert.That(broken.Differences[0].InstanceId, Is.AnyOf([.. runs.Select(run => run.Id)]));
        Assert.That(broken.Differences[0].Difference,
            Does.Contain("step 0 differs").And.Contain("'CallModel'").And.Contain("'Audit'"));

        ReplayReport gone = ReplayCheck.Run(host.DataFile, new DurableRegistry());
        Assert.That(gone.Differences, Has.Count.EqualTo(Runs));
    }

    [Test]
    public void Run_NoSuchFile_SaysSo() => Assert.That(
        () => ReplayCheck.Run("/nowhere/runs.db", new DurableRegistry()),
        Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput));

    /// <summary>What somebody might do who does not know the upgrade path.</summary>
    private static async Task<RunOutcome?> LoopWithAStepMoreAsync(IOrchestrationContext context, RunState state)
    {
        await context.CallActivityAsync<bool>("Audit", state.Turns);
        return await AgentLoop.RunAsync(context, state);
    }
}
