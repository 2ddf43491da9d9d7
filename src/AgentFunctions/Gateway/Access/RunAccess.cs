using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Access;

/// <summary>
/// Checks what the present roles of a caller let it do with a run. To a caller that may not see a run, the run does not exist.
/// </summary>
public sealed class RunAccess
{
    private readonly RunStore _runs;

    internal RunAccess(RunStore runs) => _runs = runs;

    /// <summary>Gets whether a caller sees the runs of others.</summary>
    /// <param name="caller">The caller.</param>
    public static bool SeesAll(Caller caller) => RunRights.SeesAll(caller);

    /// <summary>
    /// Ensures that a caller may do something with a run. A run that does not exist is left to the operation itself.
    /// </summary>
    /// <param name="caller">The caller.</param>
    /// <param name="runId">The run.</param>
    /// <param name="act">What the caller wants to do.</param>
    /// <param name="cancellationToken">The token to cancel the look-up.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>: the caller may not see the run. <see cref="ErrorCode.NotAllowed"/>: it may only see
    /// it. <see cref="ErrorCode.RunErased"/>: the run was erased.
    /// </exception>
    public async Task EnsureAsync(Caller caller, string runId, RunAct act, CancellationToken cancellationToken = default)
    {
        if (await _runs.Erased.FindAsync(runId, cancellationToken).ConfigureAwait(false) is { } erased)
        {
            if (act == RunAct.Erase && erased.DoneAt is null && erased.Run == runId)
            {
                // It was begun, and may be asked for again.
                RunRights.EnsureMayErase(caller, runId, erased.Requester);
                return;
            }

            throw RunRights.MaySee(caller, erased.Requester)
                ? ErasedRuns.Gone(runId, erased)
                : new AgentException(ErrorCode.RunNotFound, $"There is no run '{runId}'.");
        }

        if (await _runs.FindAsync(runId, cancellationToken).ConfigureAwait(false) is { } run)
        {
            RunRights.Ensure(caller, run, act);
        }
    }

    /// <summary>Gets whether there is a run that a caller may see.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the look-up.</param>
    public async Task<bool> MaySeeAsync(Caller caller, string runId, CancellationToken cancellationToken = default)
    {
        if (await _runs.Erased.FindAsync(runId, cancellationToken).ConfigureAwait(false) is not null
            || await _runs.FindAsync(runId, cancellationToken).ConfigureAwait(false) is not { } run)
        {
            return false;
        }

        try
        {
            RunRights.Ensure(caller, run, RunAct.See);
            return true;
        }
        catch (AgentException e) when (e.Code is ErrorCode.RunNotFound or ErrorCode.NotAllowed)
        {
            return false;
        }
    }

    /// <summary>Gets whether a caller asked for a run itself; <see langword="false"/> if there is no such run.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the look-up.</param>
    public async Task<bool> IsRequesterAsync(Caller caller, string runId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return await _runs.FindAsync(runId, cancellationToken).ConfigureAwait(false) is { } run && run.Requester == caller.Id;
    }
}
