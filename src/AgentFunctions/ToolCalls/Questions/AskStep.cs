using AgentFunctions.Governance.Questions;
using AgentFunctions.Ledger;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.ToolCalls.Questions;

/// <summary>Lets a call ask people. One whose questions are open is not over: it waits, and is made again.</summary>
internal sealed class AskStep(QuestionDrafts drafts) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        var asker = new CallQuestions(state, drafts);
        state.Call!.Context.Features.Set<IPersonAsker>(asker);
        CallOutcome outcome = await next(state, cancellationToken).ConfigureAwait(false);
        if (asker.Awaited.Count > 0)
        {
            state.QuestionIds = asker.Awaited;
        }

        return outcome switch
        {
            CallOutcome.Completed { Outcome.IsError: false } when asker.Open is { } open =>
                new CallOutcome.Waiting(QuestionDrafts.WaitFor(open), LedgerState.Waiting),
            CallOutcome.Completed { Outcome.IsError: false } completed when asker.SaidBy is { } by =>
                completed with { Outcome = completed.Outcome with { SaidBy = by } },
            _ => outcome,
        };
    }

    /// <summary>The questions of one call.</summary>
    private sealed class CallQuestions(ToolCallState state, QuestionDrafts drafts) : IPersonAsker
    {
        private readonly List<string> _awaited = [];

        /// <summary>Gets the questions that the call waits for, or has waited for.</summary>
        public IReadOnlyList<string> Awaited => _awaited;

        /// <summary>Gets the first question that the call waits for; <see langword="null"/> if it waits for none.</summary>
        public Question? Open { get; private set; }

        /// <summary>Gets the person whose words the result is.</summary>
        public string? SaidBy { get; private set; }

        public async Task<PersonAnswer> AskAsync(int number, PersonQuestion question, CancellationToken cancellationToken)
        {
            Question asked = await drafts.AskAsync(state, number, question, cancellationToken).ConfigureAwait(false);
            if (asked.IsAwaited)
            {
                _awaited.Add(asked.Id);
                Open ??= asked is { State: QuestionState.Pending, IsAltered: false } ? asked : null;
            }

            return QuestionDrafts.AnswerOf(asked);
        }

        public Task WithdrawAsync(string id, string reason, CancellationToken cancellationToken) =>
            drafts.WithdrawAsync(id, reason, cancellationToken);

        public void ResultIsSaidBy(string by) => SaidBy = by;
    }
}
