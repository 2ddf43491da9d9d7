using AgentFunctions.Durability;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Erases run trees. Only audit entries remain, without their texts.</summary>
public sealed class RunErasure
{
    private const int MaxReason = 1_000;

    /// <summary>How long it is tried to end what deletes the content alone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private static readonly OrchestrationStatus[] s_ended = [OrchestrationStatus.Completed, OrchestrationStatus.Failed,
        OrchestrationStatus.Terminated];

    private readonly RunStore _runs;
    private readonly ErasedRuns _erased;
    private readonly ErasureRules _rules;
    private readonly ErasurePlans _plans;
    private readonly IOrchestrationClient _orchestrations;
    private readonly TimeProvider _time;

    internal RunErasure(
        RunStore runs, ErasedRuns erased, ErasureRules rules, ErasurePlans plans, IOrchestrationClient orchestrations,
        TimeProvider time) =>
        (_runs, _erased, _rules, _plans, _orchestrations, _time) = (runs, erased, rules, plans, orchestrations, time);

    /// <summary>Previews the erasure of a tree. Nothing is changed.</summary>
    /// <param name="request">What would be asked for; its reason is not looked at.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    /// <exception cref="AgentException">
    /// As for <see cref="EraseAsync"/>, but for what <see cref="ErasurePlan.Refusal"/> says.
    /// </exception>
    public async Task<ErasurePlan> PlanAsync(EraseRequest request, Caller caller, CancellationToken cancellationToken = default)
    {
        RunRecord run = await FindAsync(request, caller, cancellationToken).ConfigureAwait(false);
        return await _plans.OfAsync(run, request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts the erasure of a tree. It continues after a crash; a repeated request is carried out once.</summary>
    /// <param name="request">Which tree and how.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait. It may have begun.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>. <see cref="ErrorCode.RunErased"/>: it was erased before.
    /// <see cref="ErrorCode.NotAllowed"/>: it takes the requester or an admin. <see cref="ErrorCode.InvalidInput"/>: a field is
    /// wrong, or the run is a sub-agent. <see cref="ErrorCode.RunHeld"/>: a legal hold keeps it.
    /// <see cref="ErrorCode.RunStateForbids"/>: it is alive, or has calls of which nobody knows whether they took effect; the
    /// message names them.
    /// </exception>
    public async Task<Erasure> EraseAsync(EraseRequest request, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (string.IsNullOrWhiteSpace(request.Reason) || request.Reason.Length > MaxReason)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"reason: say why, in 1 to {MaxReason} characters; it stays in the audit log.");
        }

        if (await _erased.FindAsync(request.Run, cancellationToken).ConfigureAwait(false) is { DoneAt: null } begun
            && begun.Run == request.Run)
        {
            // It was begun, and must end: if it failed it is taken up again.
            RunRights.EnsureMayErase(caller, begun.Run, begun.Requester);
            if (!await ScheduleAsync(begun.Run, ErasePhases.All, request, caller.Id, CancellationToken.None)
                .ConfigureAwait(false))
            {
                await AskAgainAsync(begun.Run, cancellationToken).ConfigureAwait(false);
            }

            return await GetAsync(begun.Run, caller, cancellationToken).ConfigureAwait(false);
        }

        RunRecord run = await FindAsync(request, caller, cancellationToken).ConfigureAwait(false);
        await _rules.EnsureAsync(run, request.Force, request.Cancel, cancellationToken).ConfigureAwait(false);
        // Carried through, though its caller leaves: it may take the place of an erasure of the content alone.
        await ScheduleAsync(run.Id, ErasePhases.All, request, caller.Id, CancellationToken.None).ConfigureAwait(false);
        return new Erasure(run.Id, ErasureState.Requested) { Requester = run.Requester, By = caller.Id, Reason = request.Reason };
    }

    /// <summary>Gets an erasure.</summary>
    /// <param name="run">The root of the tree.</param>
    /// <param name="caller">Who asks: an auditor, an admin, or who had asked for the run.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>: there is no erasure that the caller may see.
    /// </exception>
    public async Task<Erasure> GetAsync(string run, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ErasedRun? mark = await _erased.FindAsync(run, cancellationToken).ConfigureAwait(false);
        string? requester = mark?.Requester ?? (await _runs.FindAsync(run, cancellationToken).ConfigureAwait(false))?.Requester;
        OrchestrationState? state = RunId.IsValid(run)
            ? await _orchestrations.GetAsync(EraseFlow.InstanceIdOf(run), true, cancellationToken).ConfigureAwait(false)
            : null;
        if (mark is null && IsOfContent(state))
        {
            // What was said and done goes, and the run stays: it says so itself.
            state = null;
        }

        bool maySee = caller.Has(CallerRoles.Auditor) || caller.Has(CallerRoles.Admin) || caller.Id == requester;
        if (!maySee || (mark is null && state is null))
        {
            throw new AgentException(ErrorCode.RunNotFound, $"There is no erasure of a run '{run}'.");
        }

        EraseReport? report = state is { Status: OrchestrationStatus.Completed }
            ? DurableJson.Deserialize<EraseReport>(state.Output)
            : null;
        string? refused = mark is null ? report?.Refused : null;
        string? failed = mark?.DoneAt is not null ? null
            : report?.GaveUp is { } obstacle ? $"{obstacle} This was tried for days; request the erasure again to go on."
            : state is { Status: OrchestrationStatus.Failed or OrchestrationStatus.Terminated }
                ? state.Failure?.Cause().Message ?? "It was terminated."
            : null;
        string? waits = mark?.DoneAt is null && state is { IsEnded: false, CustomStatus: { } status }
            ? DurableJson.Deserialize<string>(status)
            : null;
        ErasureState how = mark?.DoneAt is not null ? ErasureState.Erased
            : refused is not null ? ErasureState.Refused
            : failed is not null ? ErasureState.Failed
            : waits is not null ? ErasureState.Waiting
            : mark is not null ? ErasureState.Erasing : ErasureState.Requested;
        return new Erasure(run, how)
        {
            Requester = requester,
            By = mark?.By,
            Reason = mark?.Reason,
            At = mark?.At,
            DoneAt = mark?.DoneAt,
            Message = refused ?? failed,
            Waits = waits,
            SharedWorkspace = mark?.SharedWorkspace,
        };
    }

    /// <summary>Begins to erase a tree, or its content, for the host itself, whose rules say that its time has come.</summary>
    /// <returns>Whether it began; otherwise it is under way.</returns>
    internal Task<bool> ScheduleAsync(string root, IReadOnlyList<string> phases, string rule,
        CancellationToken cancellationToken) =>
        ScheduleAsync(root, phases, new EraseRequest(root, $"retention rule '{rule}'") { Force = true }, "host",
            cancellationToken);

    private async Task<bool> ScheduleAsync(
        string root, IReadOnlyList<string> phases, EraseRequest request, string by, CancellationToken cancellationToken)
    {
        var order = new EraseOrder(root, phases, by, request.Reason)
        {
            Cancel = request.Cancel,
            Force = request.Force,
            Notes = request.Notes,
        };
        string id = EraseFlow.InstanceIdOf(root);
        DateTimeOffset giveUp = _time.GetUtcNow() + Patience;
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await _orchestrations.ScheduleAsync(
                    EraseFlow.Name, order, new StartOptions { InstanceId = id, ReplaceableStatuses = s_ended }, cancellationToken)
                    .ConfigureAwait(false);
                return true;
            }
            catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
            {
                OrchestrationState? state = await _orchestrations.GetAsync(id, true, cancellationToken).ConfigureAwait(false);
                if (phases.SequenceEqual(ErasePhases.OfContent) || (state is not null && !IsOfContent(state) && !state.IsEnded))
                {
                    // It is under way, or more than it.
                    return false;
                }

                if (_time.GetUtcNow() >= giveUp)
                {
                    throw new AgentException(
                        ErrorCode.EngineUnavailable,
                        $"The content of run '{root}' is being deleted as its retention says, and that cannot be ended now. "
                        + "Ask again in a minute.",
                        e);
                }

                // To delete the content alone is less than what is wanted now; each of its steps may be repeated by what follows.
                if (state is { IsEnded: false })
                {
                    await TerminateAsync(id, cancellationToken).ConfigureAwait(false);
                }

                await Task.Delay(attempt == 0 ? TimeSpan.Zero : Pause, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Has an erasure that waits look again at what stands in the way.</summary>
    private async Task AskAgainAsync(string root, CancellationToken cancellationToken)
    {
        try
        {
            await _orchestrations.RaiseEventAsync(EraseFlow.InstanceIdOf(root), EraseFlow.AskedAgain, "", cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
        {
            // It has ended meanwhile.
        }
    }

    private async Task TerminateAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await _orchestrations.TerminateAsync(id, null, false, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
        {
            // It has ended meanwhile.
        }
    }

    /// <summary>Whether only what was said and done in a tree is deleted, and the tree stays.</summary>
    private static bool IsOfContent(OrchestrationState? state) =>
        state?.Input is { } input && DurableJson.Deserialize<EraseOrder>(input) is { } order
            && !order.Phases.Contains(MarkPhase.Name);

    private async Task<RunRecord> FindAsync(EraseRequest request, Caller caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        if (await _erased.FindAsync(request.Run, cancellationToken).ConfigureAwait(false) is { } mark && mark.DoneAt is not null)
        {
            throw RunRights.MaySee(caller, mark.Requester) ? ErasedRuns.Gone(request.Run, mark)
                : new AgentException(ErrorCode.RunNotFound, $"There is no run '{request.Run}'.");
        }

        RunRecord run = await _runs.GetAsync(request.Run, cancellationToken).ConfigureAwait(false);
        RunRights.Ensure(caller, run, RunAct.Erase);
        return run.Parent is null ? run : throw new AgentException(
            ErrorCode.InvalidInput,
            $"id: run '{run.Id}' is a sub-agent. Only whole trees are erased; name run '{Core.ChildName.RootOf(run.Id)}'.");
    }
}
