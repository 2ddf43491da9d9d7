using System.Text;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.ToolCalls;

/// <summary>Makes one tool call of a run. All that surrounds it is in <see cref="ToolCallSteps"/>.</summary>
internal sealed class CallToolActivity([FromKeyedServices(ToolCallPipeline.OfModel)] ToolCallPipeline pipeline)
{
    public async Task<CallToolResult> RunAsync(ActivityContext activity, CallToolInput input) =>
        await pipeline.RunAsync(
            new ToolCallState(input) { LastWrites = activity.LastWrites }, activity.CancellationToken).ConfigureAwait(false) switch
        {
            CallOutcome.Waiting waiting => new CallToolResult(false, 0) { Wait = waiting.For },
            CallOutcome.Delegated delegated => new CallToolResult(false, 0) { Swarm = delegated.Request },
            CallOutcome.Completed { Outcome: var told, Swarm: var swarm } =>
                new CallToolResult(told.IsError,
                    (int)Math.Min(int.MaxValue, Encoding.UTF8.GetByteCount(told.Text) + told.LoadedBytes), told.Code?.ToString())
                {
                    Swarm = swarm,
                    EndsTurn = told.EndsTurn ? true : null,
                    Usage = told.Usage,
                },
            var other => throw new InvalidOperationException($"A tool call cannot lead to {other}."),
        };
}
