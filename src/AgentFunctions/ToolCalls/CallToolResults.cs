using System.Text;
using AgentFunctions.Loop;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Tells the loop what a pass led to, by reference: the outcome itself is in the ledger.</summary>
internal static class CallToolResults
{
    public static CallToolResult Of(CallOutcome outcome) => outcome switch
    {
        CallOutcome.Waiting waiting => new CallToolResult(false, 0) { Wait = waiting.For },
        CallOutcome.Delegated delegated => new CallToolResult(false, 0) { Swarm = delegated.Request },
        CallOutcome.Completed { Outcome: ToolOutcome told, Swarm: var swarm } =>
            new CallToolResult(told.IsError, Encoding.UTF8.GetByteCount(told.Text), told.Code?.ToString()) { Swarm = swarm },
        _ => throw new InvalidOperationException($"A pass cannot lead to {outcome.GetType().Name}."),
    };
}
