using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Runs;

namespace AgentFunctions.Steps;

/// <summary>
/// Lets the kill switch stop model calls that are in flight, on whichever host they are: engines cannot all cancel an activity.
/// </summary>
internal sealed class StoppableModelCalls(InFlightCalls calls, KillOrderStore kills, RunStore runs, RunLineage lineage)
{
    /// <summary>No order for a tool has an empty name.</summary>
    private const string NoTool = "";

    /// <summary>Makes a call that orders for its run, agent, labels or everything stop.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="call">The call; it gets the record of the run, <see langword="null"/> if there is none.</param>
    /// <param name="cancellationToken">The token to cancel the call.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/>: an order stopped it. The order also ends the run, so a repetition of the step
    /// finds the end.
    /// </exception>
    public async Task<T> RunAsync<T>(string runId, Func<RunRecord?, CancellationToken, Task<T>> call,
        CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(runId, cancellationToken).ConfigureAwait(false) is not { } run)
        {
            return await call(null, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<string> tree = await lineage.TreeOfAsync(run, cancellationToken).ConfigureAwait(false);
        using InFlightCall stoppable = calls.Begin(run, tree, NoTool, cancellationToken);
        // From here on an order reaches the call. One that was given before is looked for: what is stopped asks no model.
        if (await kills.FindAsync(run, tree, null, cancellationToken).ConfigureAwait(false) is { } given)
        {
            throw Stopped(given);
        }

        try
        {
            return await call(run, stoppable.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppable.StoppedBy is not null && !cancellationToken.IsCancellationRequested)
        {
            throw Stopped(stoppable.StoppedBy);
        }
    }

    private static AgentException Stopped(KillOrder order) => new(
        ErrorCode.EngineUnavailable, $"{order.By} stopped {order.Words}, so the model is not asked.");
}
