using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Lets the kill switch stop a call while its tool is at work, and measures that time.</summary>
internal sealed class InFlightStep(InFlightCalls calls, KillOrderStore kills, TimeProvider time) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        ToolCallRequest request = state.Request;
        AgentTool tool = state.Call!.Tool;
        long start = time.GetTimestamp();
        CallOutcome outcome;
        using (InFlightCall stoppable = calls.Begin(request.Run, request.Lineage.AncestorIds, tool.Name, cancellationToken))
        {
            // From here on an order reaches the call. One that was given since the call was decided is looked for once more.
            if (await kills.FindAsync(request.Run, request.Lineage.AncestorIds, tool.Name, cancellationToken)
                .ConfigureAwait(false) is { } order)
            {
                return Stopped(order, tool, state.Phase == ToolCallPhase.Resumed);
            }

            try
            {
                outcome = await next(state, stoppable.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppable.StoppedBy is not null
                && !cancellationToken.IsCancellationRequested)
            {
                outcome = Stopped(stoppable.StoppedBy, tool, true);
            }
        }

        return outcome is CallOutcome.Completed completed
            ? completed with { Took = tool.Job is null ? time.GetElapsedTime(start) : time.GetUtcNow() - state.Entry!.StartedAt }
            : outcome;
    }

    private static CallOutcome.Completed Stopped(KillOrder order, AgentTool tool, bool hadBegun)
    {
        string effect = !hadBegun ? " Nothing was done."
            : tool.Effect == ToolEffect.None ? ""
            : " It had begun: whether it took effect is not known.";
        return new(ToolOutcome.Failed(
            ErrorCode.Stopped, $"{order.By} stopped {order.Words} {(hadBegun ? "while" : "before")} '{tool.Name}' was at work.{effect}"));
    }
}
