using AgentFunctions.Snapshots;

namespace AgentFunctions.ToolCalls;

/// <summary>Enters what a call changed in the folder of its run, whether it succeeded or not.</summary>
internal sealed class SnapshotStep(CallCaptures captures) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        if (state.Phase == ToolCallPhase.Resumed)
        {
            await captures.ResumeAsync(state, cancellationToken).ConfigureAwait(false);
        }

        if (state.Call!.Context.Features.Get<CallCapture>() is not { } capture)
        {
            return await next(state, cancellationToken).ConfigureAwait(false);
        }

        capture.Enter();
        try
        {
            CallOutcome outcome = await next(state, cancellationToken).ConfigureAwait(false);
            if (outcome is CallOutcome.Completed { Outcome: var told })
            {
                await capture.FinishAsync(isDone: !told.IsError, CancellationToken.None).ConfigureAwait(false);
            }

            return outcome;
        }
        finally
        {
            capture.Leave();
        }
    }
}
