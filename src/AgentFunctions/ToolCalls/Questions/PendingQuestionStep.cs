using AgentFunctions.Governance.Questions;
using AgentFunctions.Ledger;

namespace AgentFunctions.ToolCalls.Questions;

/// <summary>
/// Looks at what a call has asked people: reminds, escalates and expires. While one of the questions is open the call waits, and
/// neither its tool nor its server is needed.
/// </summary>
internal sealed class PendingQuestionStep(QuestionRequester questions) : IToolCallStep
{
    public Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken) =>
        state.Known is { State: LedgerState.Waiting, QuestionIds: { } ids }
            ? LookAsync(state, ids, next, cancellationToken)
            : next(state, cancellationToken);

    private async Task<CallOutcome> LookAsync(ToolCallState state, IReadOnlyList<string> ids, ToolCallHandler next,
        CancellationToken cancellationToken)
    {
        Question? open = null;
        foreach (string id in ids)
        {
            Question question = await questions.CheckAsync(id, cancellationToken).ConfigureAwait(false);
            open ??= question is { State: QuestionState.Pending, IsAltered: false } ? question : null;
        }

        if (open is null)
        {
            return await next(state, cancellationToken).ConfigureAwait(false);
        }

        state.QuestionIds = ids;
        state.Entry = state.Known;
        return new CallOutcome.Waiting(QuestionDrafts.WaitFor(open), LedgerState.Waiting);
    }
}
