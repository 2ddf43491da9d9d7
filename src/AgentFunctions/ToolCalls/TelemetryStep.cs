using System.Diagnostics;
using AgentFunctions.Diagnostics;

namespace AgentFunctions.ToolCalls;

/// <summary>Traces a call and measures how long its tool took.</summary>
internal sealed class TelemetryStep : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        using Activity? span = AgentTelemetry.StartToolCall(state.Input.RunId);
        try
        {
            CallOutcome outcome = await next(state, cancellationToken).ConfigureAwait(false);
            if (outcome is CallOutcome.Completed completed && state.IsResolved)
            {
                AgentTelemetry.ToolCalled(span, state.Request.Asked, completed.Outcome, completed.Took);
            }

            return outcome;
        }
        finally
        {
            // Which tool it is, the steps within find out.
            if (state.Asked is { } asked)
            {
                AgentTelemetry.NameToolCall(span, asked, state.IsResolved ? state.Request.Run.Agent : null);
            }
        }
    }
}
