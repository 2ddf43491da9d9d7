using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls.Steps;

[CancelAfter(300_000)]
internal sealed class ResultStepTests
{
    [Test]
    public async Task Run_StoreFailed_RepeatsTheStep()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        ToolCallState state = await bench.AllowedAsync();
        var lost = new CallOutcome.Completed(ToolOutcome.Failed(ErrorCode.EngineUnavailable, "the disk is full"));

        Assert.That(
            () => bench.PassAsync<ResultStep>(state, new FakeNext(lost)),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable));
    }

    [Test]
    public async Task Run_ToolHasChanged_TheNoticeComesFirstAndAllFits()
    {
        var pinned = new AgentTool(AgentTool.CreateFunction("pay", "Paid.", static (int amount, string? note) => "paid"),
            ToolEffect.NotIdempotent);
        await using ToolCallBench bench = await ToolCallBench.StartAsync(
            null, [new AgentTool(BenchCalls.Function(), ToolEffect.NotIdempotent)], "pay", new { amount = 5 },
            new CallToolInput(ToolCallBench.RunId, 1, 0, new ContextRef()) { ResultBytes = 600 }, pinned);

        var result = (CallOutcome.Completed)await bench.PassAsync<ResultStep>(
            await bench.AllowedAsync(), new FakeNext(new CallOutcome.Completed(new ToolOutcome(new string('x', 2_000)))));

        Assert.That(result.Outcome.Text, Does.StartWith("[The tool 'pay' has changed").And.Length.LessThanOrEqualTo(600));
        Assert.That(result.Outcome.Artifact, Is.Not.Null);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Run_CallConcernsSubAgents_DelegatesIfItWaitsForThem(bool waits)
    {
        await using ToolCallBench bench = await ToolCallBench.StartAsync(
            null, [new AgentTool(BenchCalls.Function(), ToolEffect.NotIdempotent)], "pay", new { amount = 5 },
            new CallToolInput(ToolCallBench.RunId, 1, 0, new ContextRef())
            {
                Swarm = new(3, new(), new(3, 3, 1, 10, TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), 1_000)),
            });
        ToolCallState state = await bench.AllowedAsync();
        state.Request.Context.Features.Get<SwarmCall>()!.Request = waits
            ? new SwarmRequest { Wait = new ChildWait() }
            : new SwarmRequest();

        CallOutcome result = await bench.PassAsync<ResultStep>(state, new FakeNext());

        Assert.That(result, waits
            ? Is.TypeOf<CallOutcome.Delegated>()
            : Is.TypeOf<CallOutcome.Completed>().With.Property("Swarm").Not.Null);
    }
}
