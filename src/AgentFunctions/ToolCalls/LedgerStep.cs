using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Gives the recorded outcome of a call that has one, and records what comes of any other: no outcome is lost.</summary>
internal sealed class LedgerStep(
    CallLedger ledger, CallJournal journal, CallWrites writes, ApprovalRequester approvals, QuestionRequester questions,
    TimeProvider time)
    : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        CallToolInput call = state.Input;
        LedgerEntry? known = await ledger.FindAsync(call.RunId, call.Turn, call.Call, cancellationToken).ConfigureAwait(false);
        if (known is { State: LedgerState.Finished, Outcome: not null })
        {
            return await RecordedAsync(call, known, cancellationToken).ConfigureAwait(false);
        }

        state.Known = known;
        state.IsInLedger = true;
        CallOutcome outcome = await next(state, cancellationToken).ConfigureAwait(false);
        switch (outcome)
        {
            case CallOutcome.Completed completed:
                return await FinishAsync(state, completed).ConfigureAwait(false);
            case CallOutcome.Waiting { Left: LedgerState.Waiting }:
                // One that was to be made again and asks people was begun: only before that what is known of it stays.
                LedgerEntry waiting = state is { IsRepeat: true, Entry: null }
                    ? known!
                    : (state.Entry ?? state.NewEntry(time.GetUtcNow())) with
                    {
                        State = LedgerState.Waiting,
                        QuestionIds = state.QuestionIds ?? known?.QuestionIds,
                    };
                await ledger.EnterAsync(call.RunId, call.Turn, call.Call, waiting, cancellationToken).ConfigureAwait(false);
                return outcome;
            case CallOutcome.Waiting { Left: LedgerState.Unknown } asking:
                await EnterQuestionAsync(state, asking.For.Id, cancellationToken).ConfigureAwait(false);
                await SettleAsync(state.Entry!.ApprovalId, cancellationToken).ConfigureAwait(false);
                return outcome;
            case CallOutcome.Waiting { Left: LedgerState.Started } when state is { Entry.GoesOn: false, Call.Tool: { Job: not null, IsClient: false } }:
                await ledger.EnterAsync(call.RunId, call.Turn, call.Call, state.Entry with { GoesOn = true }, cancellationToken)
                    .ConfigureAwait(false);
                return outcome;
            default:
                // What goes on elsewhere stays entered as begun.
                return outcome;
        }
    }

    /// <summary>Records an outcome. It is known now, so that this is carried through though the host stops or the run ends.</summary>
    private async Task<CallOutcome> FinishAsync(ToolCallState state, CallOutcome.Completed completed)
    {
        CallToolInput call = state.Input;
        ToolOutcome outcome = completed.Outcome;
        LedgerEntry entry = (state.Entry ?? state.NewEntry(time.GetUtcNow())) with { Swarm = completed.Swarm };
        entry = entry with { QuestionIds = state.QuestionIds ?? entry.QuestionIds };
        LedgerEntry counts = await writes.FinishAsync(state, entry with { Outcome = outcome }, completed.Took)
            .ConfigureAwait(false);
        if (entry is { IsOwner: false, Etag: not null } && !ReferenceEquals(counts.Outcome, outcome))
        {
            return await RecordedAsync(call, counts, CancellationToken.None).ConfigureAwait(false);
        }

        await SettleAsync(entry.ApprovalId, CancellationToken.None).ConfigureAwait(false);
        await SettleAsync(entry.QuestionIds, CancellationToken.None).ConfigureAwait(false);
        return completed with { Outcome = counts.Outcome!, Swarm = counts.Swarm };
    }

    /// <summary>Gives an outcome that was recorded: the journal may or may not have heard of it before a crash.</summary>
    private async Task<CallOutcome> RecordedAsync(CallToolInput call, LedgerEntry known, CancellationToken cancellationToken)
    {
        await journal.CompletedBeforeAsync(call, known.Tool, known.Outcome!, cancellationToken).ConfigureAwait(false);
        await SettleAsync(known.ApprovalId, cancellationToken).ConfigureAwait(false);
        await SettleAsync(known.QuestionIds, cancellationToken).ConfigureAwait(false);
        return new CallOutcome.Completed(known.Outcome!) { Swarm = known.Swarm };
    }

    /// <summary>
    /// Enters that a person is asked about a call; if another delivery has its outcome, the question is withdrawn.
    /// </summary>
    private async Task EnterQuestionAsync(ToolCallState state, string approvalId, CancellationToken cancellationToken)
    {
        CallToolInput call = state.Input;
        LedgerEntry question = state.Entry! with { State = LedgerState.Unknown, ApprovalId = approvalId };
        try
        {
            await ledger.EnterAsync(call.RunId, call.Turn, call.Call, question, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EngineUnavailable)
        {
            if (await ledger.FindAsync(call.RunId, call.Turn, call.Call, cancellationToken)
                .ConfigureAwait(false) is { State: LedgerState.Finished })
            {
                await SettleAsync(approvalId, cancellationToken).ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>
    /// Closes an approval once the ledger has what came of it: until then a crash is resumed from the approval.
    /// </summary>
    private Task SettleAsync(string? approvalId, CancellationToken cancellationToken) =>
        approvalId is null ? Task.CompletedTask : approvals.SettleAsync(approvalId, cancellationToken);

    /// <summary>Closes the questions of a call that has an outcome; one that nobody has answered is withdrawn.</summary>
    private async Task SettleAsync(IReadOnlyList<string>? questionIds, CancellationToken cancellationToken)
    {
        foreach (string id in questionIds ?? [])
        {
            await questions.WithdrawAsync(id, "the call that asked has ended", cancellationToken).ConfigureAwait(false);
        }
    }
}
