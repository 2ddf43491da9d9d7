using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Access;

/// <summary>
/// Says what the present roles of a caller let it do with a run: callers see their own runs, those whose role says so see all,
/// and to the others a run that is not theirs does not exist.
/// </summary>
internal static class RunRights
{
    /// <summary>Gets whether a caller sees the runs of others.</summary>
    /// <param name="caller">The caller.</param>
    public static bool SeesAll(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return caller.Has(CallerRoles.Viewer) || caller.Has(CallerRoles.Operator) || caller.Has(CallerRoles.Auditor)
            || caller.Has(CallerRoles.Admin);
    }

    /// <summary>Gets whether a caller sees a run that somebody asked for.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="requester">Who asked for the run.</param>
    public static bool MaySee(Caller caller, string requester) => SeesAll(caller) || caller.Id == requester;

    /// <summary>
    /// Ensures that a caller may do something with a run. Who asked for the run once and has no role any more may still see and
    /// stop it.
    /// </summary>
    /// <param name="caller">The caller.</param>
    /// <param name="run">The run.</param>
    /// <param name="act">What it wants to do.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>: it may not see the run. <see cref="ErrorCode.NotAllowed"/>: it may see it and no
    /// more.
    /// </exception>
    public static void Ensure(Caller caller, RunRecord run, RunAct act)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(run);
        bool isOwn = run.Requester == caller.Id;
        EnsureMaySee(caller, run.Id, run.Requester);
        if (act == RunAct.Erase)
        {
            EnsureMayErase(caller, run.Id, run.Requester);
            return;
        }

        bool mayAct = act == RunAct.See || caller.Has(CallerRoles.Operator) || caller.Has(CallerRoles.Admin)
            || (isOwn && (act == RunAct.Stop || caller.Has(CallerRoles.Submitter)));
        if (!mayAct)
        {
            throw new AgentException(
                ErrorCode.NotAllowed,
                $"Rule 'roles': this takes the role {(isOwn ? $"{CallerRoles.Submitter} or " : "")}{CallerRoles.Operator}.");
        }
    }

    /// <summary>Ensures that a caller may erase a run of which nothing but who asked for it needs to be left.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="run">The run.</param>
    /// <param name="requester">Who asked for it.</param>
    /// <exception cref="AgentException">As for a run.</exception>
    public static void EnsureMayErase(Caller caller, string run, string requester)
    {
        EnsureMaySee(caller, run, requester);
        bool isOwn = requester == caller.Id;
        if (!caller.Has(CallerRoles.Admin) && !(isOwn && caller.Has(CallerRoles.Submitter)))
        {
            throw new AgentException(
                ErrorCode.NotAllowed,
                $"Rule 'roles': this takes the role {(isOwn ? $"{CallerRoles.Submitter} or " : "")}{CallerRoles.Admin}.");
        }
    }

    private static void EnsureMaySee(Caller caller, string run, string requester)
    {
        if (!MaySee(caller, requester))
        {
            throw new AgentException(ErrorCode.RunNotFound, $"There is no run '{run}'.");
        }
    }
}
