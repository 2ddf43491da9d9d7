using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Runs;

namespace AgentFunctions.Steps;

/// <summary>Lets the kill switch stop model calls that are in flight, on whichever host they are: engines cannot all cancel an activity.</summary>
internal sealed class StoppableModelCalls(InFlightCalls calls, RunStore runs, RunLineage lineage)
{
    /// <summary>No order for a tool has an empty name.</summary>
    private const string NoTool = "";

    /// <summary>Makes a call that orders for its run, agent, labels or everything stop.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">The token to cancel the call.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/>: an order stopped it. The order also ends the run, so a repetition of the step finds the end.
    /// </exception>
    public async Task<T> RunAsync<T>(string runId, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(runId, cancellationToken).ConfigureAwait(false) is not { } run)
        {
            return await call(cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<string> tree = await lineage.TreeOfAsync(run, cancellationToken).ConfigureAwait(false);
        using InFlightCall stoppable = calls.Begin(run, tree, NoTool, cancellationToken);
        try
        {
            return await call(stoppable.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppable.StoppedBy is not null && !cancellationToken.IsCancellationRequested)
        {
            KillOrder order = stoppable.StoppedBy;
            throw new AgentException(ErrorCode.EngineUnavailable, $"{order.By} stopped {order.Words} while the model was asked.");
        }
    }
}
