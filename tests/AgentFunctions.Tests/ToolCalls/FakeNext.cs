using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>Stands in for the steps that follow, and counts how often they were reached.</summary>
internal sealed class FakeNext(Func<ToolCallState, CancellationToken, Task<CallOutcome>>? run = null)
{
    public static readonly CallOutcome.Completed Paid = new(new ToolOutcome("paid"));

    public FakeNext(CallOutcome outcome)
        : this((_, _) => Task.FromResult(outcome))
    {
    }

    public int Calls { get; private set; }

    public Task<CallOutcome> RunAsync(ToolCallState state, CancellationToken cancellationToken)
    {
        Calls++;
        return run?.Invoke(state, cancellationToken) ?? Task.FromResult<CallOutcome>(Paid);
    }
}
