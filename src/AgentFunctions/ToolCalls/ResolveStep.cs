using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.ToolCalls;

/// <summary>
/// Finds the tool of a call as it is now and checks the arguments; a call that was begun before takes up its decision.
/// </summary>
internal sealed class ResolveStep(CallReader reader, CallContexts contexts, RunTools tools, RunLineage lineage,
    ApprovalRequester approvals, TimeProvider time) : IToolCallStep
{
    /// <summary>How long work is waited for whose tool cannot be reached.</summary>
    private static readonly TimeSpan LongestAbsence = TimeSpan.FromDays(7);

    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        CallToolInput input = state.Input;
        (RunRecord run, AgentDefinition agent, FunctionCallContent asked, int alike) = await reader.ReadAsync(
            input, cancellationToken).ConfigureAwait(false);
        state.Asked = asked;
        LedgerEntry? known = state.Known;
        PreparedCall found = await tools.PrepareAsync(run, agent, asked, contexts.Of(run, input, alike), cancellationToken)
            .ConfigureAwait(false);
        if (found.Call is not { } prepared)
        {
            state.Entry = known;
            if (known is { State: LedgerState.Started or LedgerState.Waiting, GoesOn: true }
                && found.Refusal!.Code == ErrorCode.ToolUnavailable
                && time.GetUtcNow() - known.StartedAt < LongestAbsence)
            {
                return new CallOutcome.Waiting(NextLook(input, known.Tool, known.StartedAt), LedgerState.Started);
            }

            if (found.Refusal!.Code == ErrorCode.ToolUnavailable
                && await AskedAsync(input, known, cancellationToken).ConfigureAwait(false) is { } outcome)
            {
                return outcome;
            }

            if (known is { State: LedgerState.Waiting, ApprovalId: { } id })
            {
                await approvals.CloseAsync(id, found.Refusal!.Text, cancellationToken).ConfigureAwait(false);
            }

            return new CallOutcome.Completed(
                known is { State: LedgerState.Started or LedgerState.Unknown } or { Repeats: > 0 }
                    ? UnknownOutcome.Of(asked.Name, found.Refusal!.Text)
                    : found.Refusal!);
        }

        state.Found = found;
        state.Request = new ToolCallRequest(run, await lineage.OfAsync(run, cancellationToken).ConfigureAwait(false), prepared,
            asked)
        {
            BudgetLeft = input.BudgetLeft ?? new Budget(),
        };
        bool isBegun = known is { State: LedgerState.Started };
        if (isBegun || known is { State: LedgerState.Waiting, QuestionIds: not null })
        {
            state.Phase = isBegun ? ToolCallPhase.Resumed : ToolCallPhase.Answered;
            state.Entry = isBegun ? known : null;
            state.Decision = known!.Decision;
            state.ApprovalId = known.ApprovalId;
            state.Call = GovernedCall.Of(state.Request, known.Decision, out _) ?? prepared;
        }

        return await next(state, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// A call that a person is asked about, while its tool cannot be reached: it waits on for the answer, then for the tool.
    /// <see langword="null"/> where there is no use in it.
    /// </summary>
    private async Task<CallOutcome?> AskedAsync(CallToolInput input, LedgerEntry? known, CancellationToken cancellationToken)
    {
        if (known is not { State: LedgerState.Waiting or LedgerState.Unknown, ApprovalId: { } id })
        {
            return null;
        }

        Approval approval = await approvals.CheckAsync(id, cancellationToken).ConfigureAwait(false);
        DateTimeOffset decidedAt = approval.Votes.Count > 0 ? approval.Votes[^1].At : known.StartedAt;
        return approval.State switch
        {
            ApprovalState.Pending => new CallOutcome.Waiting(ApprovalQuestions.WaitFor(approval), LedgerState.Started),
            ApprovalState.Approved when time.GetUtcNow() - decidedAt < LongestAbsence =>
                new CallOutcome.Waiting(NextLook(input, known.Tool, decidedAt), LedgerState.Started),
            ApprovalState.Denied => CallRefusal.Denied(known.Tool, approval),
            _ => null,
        };
    }

    private ToolCallWait NextLook(CallToolInput input, string tool, DateTimeOffset since)
    {
        DateTimeOffset now = time.GetUtcNow();
        TimeSpan pause = ToolJob.Unreachable.PauseAt(now - since);
        return new ToolCallWait(ToolCallWait.Job, tool, ToolCallWait.JobEvent(input.Turn, input.Call), now + pause);
    }
}
