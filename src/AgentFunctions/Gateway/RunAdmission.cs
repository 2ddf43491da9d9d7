using System.Diagnostics;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>
/// Admits runs, whichever way they are asked for: claims the key, then route, access, model, tools, acceptance and limits (the
/// draft), then kill switch, quota and queue, then audit and record.
/// </summary>
/// <remarks>
/// The audit entry is written before the record, so that a run that is on record was audited, and what a crash cut off in between
/// is found out by its key. A refusal leaves the key free; from the record on the key stands for the run. From the audit entry on
/// it is carried through, though its caller leaves.
/// </remarks>
internal sealed class RunAdmission(
    RequestKeys keys, Admission admission, RunStore runs, Journal journal, IOrchestrationClient orchestrations, TimeProvider time)
{
    /// <summary>Admits a run.</summary>
    /// <returns>The run: the first one if the request was made before.</returns>
    /// <exception cref="AgentException">What refuses it; nothing was admitted.</exception>
    public async Task<AdmittedRun> AdmitAsync(RunOrder order, CancellationToken cancellationToken)
    {
        using ClaimedRequest claim = await keys
            .ClaimAsync(order.Request, order.Id ?? RunId.New(time.GetUtcNow()), order.Starts ? IsStartedAsync : IsOnRecordAsync,
                cancellationToken)
            .ConfigureAwait(false);
        bool mayBeKnown = claim.IsDone || claim.IsResumed || order.Id is not null;
        // Whoever leaves here has begun nothing, and the key is given back below.
        RunRecord? known = mayBeKnown ? await runs.FindAsync(claim.Subject, CancellationToken.None).ConfigureAwait(false) : null;
        RunDraft? draft = null;
        try
        {
            if (mayBeKnown)
            {
                // Its orchestration may be gone already, as that of one that never began: it is not begun again.
                await runs.EnsureNotErasedAsync(claim.Subject, cancellationToken).ConfigureAwait(false);
            }

            if (claim.IsDone && known is not null && await IsStartedAsync(known.Id, cancellationToken).ConfigureAwait(false))
            {
                // Whatever it needed may be gone by now: nothing of it is looked at again.
                return new AdmittedRun(known, order.Starts
                    ? null
                    : (await order.Draft(known.Id, known, cancellationToken).ConfigureAwait(false)).State);
            }

            draft = await order.Draft(claim.Subject, known, cancellationToken).ConfigureAwait(false);
            draft = await EnterAsync(draft, order.Caller, known is not null, claim.IsResumed, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (known is null
            && (e is AgentException || (cancellationToken.IsCancellationRequested && !claim.IsResumed)))
        {
            // Of a request that was taken over, its first host may have what was taken, and carry on.
            if (await keys.ReleaseAsync(claim).ConfigureAwait(false) && !claim.IsResumed && draft?.GiveBack is { } giveBack)
            {
                await giveBack().ConfigureAwait(false);
            }

            throw;
        }

        cancellationToken = CancellationToken.None;
        using Activity? span = known is null ? Trace(ref draft) : null;
        await runs.AddAsync(draft.Run, cancellationToken).ConfigureAwait(false);
        var submitted = new JournalEvent(JournalEventTypes.RunSubmitted, draft.Run.CreatedAt)
        {
            Text = draft.Run.Goal,
            Model = draft.Run.Model,
        };
        await journal.AppendIfMissingAsync(draft.Run.Id, submitted, cancellationToken).ConfigureAwait(false);
        if (draft.Run.Notes is { } notes)
        {
            var noted = new JournalEvent(JournalEventTypes.RunNoted, draft.Run.CreatedAt) { Text = string.Join(" ", notes) };
            await journal.AppendIfMissingAsync(draft.Run.Id, noted, cancellationToken).ConfigureAwait(false);
        }

        if (draft.Furnish is { } furnish)
        {
            await furnish(cancellationToken).ConfigureAwait(false);
        }

        if (order.Starts)
        {
            await StartAsync(draft, cancellationToken).ConfigureAwait(false);
        }

        return new AdmittedRun(draft.Run, draft.State);
    }

    private static Activity? Trace(ref RunDraft draft)
    {
        (Activity? span, RunRecord run) = RunTrace.Begin(draft.Run);
        draft = draft with { Run = run };
        return span;
    }

    private async Task<RunDraft> EnterAsync(RunDraft draft, Caller caller, bool isKnown, bool isResumed,
        CancellationToken cancellationToken)
    {
        bool isIn = false;
        try
        {
            long? ticket = await admission.EnterAsync(draft.Run, caller, cancellationToken).ConfigureAwait(false);
            isIn = true;
            cancellationToken.ThrowIfCancellationRequested();
            RunState state = draft.State;
            if (draft.Prepare is { } prepare)
            {
                state = await prepare(cancellationToken).ConfigureAwait(false);
                // What it took of others is taken for a run that there will be, though its caller leaves.
                ticket = await admission.StayAsync(draft.Run, caller, CancellationToken.None).ConfigureAwait(false);
            }

            if (isKnown || isResumed)
            {
                // Again: from here on it is put on record.
                await runs.EnsureNotErasedAsync(draft.Run.Id, CancellationToken.None).ConfigureAwait(false);
            }

            if (!isKnown)
            {
                await admission.AuditAsync(draft.Run, caller, draft.Rule, isResumed, CancellationToken.None).ConfigureAwait(false);
            }

            return draft with { State = state with { QueueTicket = ticket } };
        }
        catch (Exception e) when (!isKnown && (isIn || e is not AgentException))
        {
            // Also where the caller gave up: what was counted by then is counted for no run. But another host may have taken the
            // request over meanwhile, and have the run on record.
            if (await runs.FindAsync(draft.Run.Id, CancellationToken.None).ConfigureAwait(false) is null)
            {
                await admission.WithdrawAsync(draft.Run).ConfigureAwait(false);
            }

            throw;
        }
    }

    private async Task StartAsync(RunDraft draft, CancellationToken cancellationToken)
    {
        try
        {
            await orchestrations.ScheduleAsync(
                AgentLoop.Name, draft.State, new StartOptions { InstanceId = draft.Run.Id }, cancellationToken)
                .ConfigureAwait(false);
            if (draft.State.QueueTicket is not null)
            {
                await admission.ScheduledAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // The same request on another host: it started the run.
        }
    }

    private async Task<bool> IsStartedAsync(string id, CancellationToken cancellationToken) =>
        await orchestrations.GetAsync(id, false, cancellationToken).ConfigureAwait(false) is not null
        && await IsOnRecordAsync(id, cancellationToken).ConfigureAwait(false);

    private async Task<bool> IsOnRecordAsync(string id, CancellationToken cancellationToken) =>
        await runs.FindAsync(id, cancellationToken).ConfigureAwait(false) is not null;
}
