using AgentFunctions.Durability;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Snapshots;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>
/// Writes what is on record of a call, in few commits: one before it is made, one after. Within each, an entry of the audit log
/// comes first, then the ledger, then the journal.
/// </summary>
internal sealed class CallWrites(CallLedger ledger, CallJournal journal, CallAudit audit, CallCaptures captures)
{
    /// <summary>
    /// Enters that a call is about to be made: why it may be, then what stands in its folder, then that it is begun.
    /// </summary>
    /// <param name="state">The call.</param>
    /// <param name="entry">Its entry in the ledger.</param>
    /// <param name="isNew">Whether nobody was told of it before.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The entry as it is in the ledger; a call without effects has none yet.</returns>
    public async Task<LedgerEntry> BeginAsync(ToolCallState state, LedgerEntry entry, bool isNew,
        CancellationToken cancellationToken)
    {
        CallToolInput call = state.Input;
        CallCapture? capture = await captures.PrepareAsync(state, cancellationToken).ConfigureAwait(false);
        Task decided = Task.CompletedTask;
        using IDisposable group = captures.Group();
        if (state.IsDecisionDue)
        {
            state.IsDecisionDue = false;
            decided = audit.DecidedAsync(state, out bool isFirst, cancellationToken);
            if (!isFirst || !captures.SharesCommits)
            {
                // Never begun before it is decided: where the two are not one commit, the second waits for the first.
                group.Dispose();
                await decided.ConfigureAwait(false);
                return await BeginAsync(state, entry, isNew, cancellationToken).ConfigureAwait(false);
            }
        }

        Task captured = capture?.BeginAsync(cancellationToken) ?? Task.CompletedTask;
        bool isEntered = state.Call!.Tool is not { Effect: ToolEffect.None, Job: null };
        Task<LedgerEntry> begun = isEntered
            ? ledger.EnterAsync(call.RunId, call.Turn, call.Call, entry, cancellationToken)
            : Task.FromResult(entry);
        // Where an append is a write of its own, the call does not wait for it, and one that ends at once is told of in one.
        bool isToldSoon = !isEntered || !captures.SharesCommits;
        Task told = Task.CompletedTask;
        if (isNew && isToldSoon)
        {
            state.Told = journal.StartedSoonAsync(call, state.Request.Asked, state.Call.Tool.IsClient);
        }
        else if (isNew)
        {
            told = journal.StartedAsync(call, state.Request.Asked, state.Call.Tool.IsClient, cancellationToken);
        }

        group.Dispose();
        await Task.WhenAll(decided, captured, begun, told).ConfigureAwait(false);
        return await begun.ConfigureAwait(false);
    }

    /// <summary>Tells followers that a call has begun which ends later, in another pass.</summary>
    /// <param name="state">The call.</param>
    public async Task TellBegunAsync(ToolCallState state)
    {
        if (!state.Told.IsCompletedSuccessfully)
        {
            await journal.TellAsync(state.Input.RunId).ConfigureAwait(false);
            await state.Told.ConfigureAwait(false);
        }
    }

    /// <summary>Tells followers that a call had begun which a crash cut off, if the pass before the crash did not.</summary>
    /// <param name="state">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task TellBegunBeforeAsync(ToolCallState state, CancellationToken cancellationToken) =>
        captures.SharesCommits
            ? Task.CompletedTask
            : journal.StartedBeforeAsync(state.Input, state.Request.Asked, cancellationToken);

    /// <summary>Enters what came of a call, whatever becomes of the step meanwhile.</summary>
    /// <param name="state">The call.</param>
    /// <param name="entry">Its entry in the ledger, with the outcome.</param>
    /// <param name="took">How long the tool took.</param>
    /// <returns>The entry that counts: that of another delivery, where that was first. Then the journal was not told.</returns>
    public async Task<LedgerEntry> FinishAsync(ToolCallState state, LedgerEntry entry, TimeSpan took)
    {
        CallToolInput call = state.Input;
        // A delivery that resumed another's call may lose the race, so it journals only after its ledger entry has won.
        bool mayLose = entry is { IsOwner: false, Etag: not null };
        if (state.LastWrites is { } last && !mayLose && entry is { ApprovalId: null, QuestionIds: null or [] })
        {
            return await HandOverAsync(last, state, entry, took).ConfigureAwait(false);
        }

        Task audited = Task.CompletedTask, told = Task.CompletedTask;
        using IDisposable group = captures.Group();
        if (state.OutcomeDue is { } due)
        {
            state.OutcomeDue = null;
            audited = audit.FinishedAsync(state, due, out bool isFirst, CancellationToken.None);
            if (!isFirst || !captures.SharesCommits)
            {
                group.Dispose();
                await audited.ConfigureAwait(false);
                return await FinishAsync(state, entry, took).ConfigureAwait(false);
            }
        }

        Task<LedgerEntry> entered = ledger.FinishAsync(call.RunId, call.Turn, call.Call, entry, CancellationToken.None);
        if (!mayLose)
        {
            told = journal.CompletedAsync(call, entry.Tool, entry.Outcome!, took, CancellationToken.None);
        }

        group.Dispose();
        await Task.WhenAll(audited, entered, told, state.Told).ConfigureAwait(false);
        LedgerEntry counts = await entered.ConfigureAwait(false);
        if (mayLose && ReferenceEquals(counts.Outcome, entry.Outcome))
        {
            await journal.CompletedAsync(call, entry.Tool, entry.Outcome!, took, CancellationToken.None).ConfigureAwait(false);
        }

        return counts;
    }

    /// <summary>
    /// The same where the engine takes the writes and nothing else is to be done after them. They are carried through, whatever
    /// becomes of the step.
    /// </summary>
    private async Task<LedgerEntry> HandOverAsync(IStepWrites last, ToolCallState state, LedgerEntry entry, TimeSpan took)
    {
        CallToolInput call = state.Input;
        ToolOutcome? due = state.OutcomeDue;
        state.OutcomeDue = null;
        Task told = Task.CompletedTask;
        Task<LedgerEntry>? entered = null;
        await last.HandOverAsync(
            [
                () => due is null ? Task.CompletedTask : audit.FinishedAsync(state, due, out _, CancellationToken.None),
                () => entered = ledger.FinishAsync(call.RunId, call.Turn, call.Call, entry, CancellationToken.None),
                () => told = journal.CompletedAsync(call, entry.Tool, entry.Outcome!, took, CancellationToken.None),
            ])
            .ConfigureAwait(false);
        if (!ReferenceEquals(told, state.Told) && !state.Told.IsCompletedSuccessfully)
        {
            // The start of the call is told by a write of its own, which is on its way.
            await last.WaitAsync().ConfigureAwait(false);
            await state.Told.ConfigureAwait(false);
        }

        // Where it was waited for, it may be that of another delivery.
        return entered is { IsCompletedSuccessfully: true } known
            ? await known.ConfigureAwait(false)
            : entry with { State = LedgerState.Finished };
    }
}
