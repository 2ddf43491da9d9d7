using System.Diagnostics;
using AgentFunctions.Diagnostics;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls.Steps;

[NonParallelizable]
[CancelAfter(300_000)]
internal sealed class TelemetryStepTests
{
    [Test]
    public async Task Run_CallFails_TheSpanNamesToolRunAndError()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync();
        ToolCallState state = await bench.AllowedAsync();
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == AgentTelemetry.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);

        await bench.PassAsync<TelemetryStep>(state,
            new FakeNext(new CallOutcome.Completed(ToolOutcome.Failed(ErrorCode.ToolFailed, "no money"))));

        Activity span = spans.Single(static span => span.GetTagItem("gen_ai.conversation.id") is ToolCallBench.RunId);
        Assert.That((span.DisplayName, span.GetTagItem("gen_ai.tool.name"), span.GetTagItem("gen_ai.agent.name")),
            Is.EqualTo(("execute_tool pay", "pay", "worker")));
        Assert.That((span.GetTagItem("error.type"), span.Status), Is.EqualTo(("ToolFailed", ActivityStatusCode.Error)));
    }
}
