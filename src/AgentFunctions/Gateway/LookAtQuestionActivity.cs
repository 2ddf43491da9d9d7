using AgentFunctions.Durability;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;

namespace AgentFunctions.Gateway;

/// <summary>
/// Looks at a question that its run does not wait for, and brings the answer to the run as a message of the person who gave it.
/// </summary>
internal sealed class LookAtQuestionActivity(
    QuestionRequester questions, RunSteering steering, CallLedger ledger, RestoreAnswers restores, TimeProvider time)
{
    /// <summary>
    /// The wait before the next look at a call that is still open: it may take the answer, or give up just before.
    /// </summary>
    private static readonly TimeSpan OpenCallPause = TimeSpan.FromSeconds(15);

    /// <summary>How long a call is taken to be open.</summary>
    private static readonly TimeSpan LongestCall = TimeSpan.FromMinutes(10);

    public async Task<QuestionLook> RunAsync(ActivityContext context, QuestionInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        Question question = await questions.CheckAsync(input.QuestionId, cancellationToken).ConfigureAwait(false);
        if (question is { State: QuestionState.Pending, IsAltered: false })
        {
            return new QuestionLook(HumanTaskSchedule.NextLook(question));
        }

        if (question is { Tool: RestoreQuestions.Tool, Server: null })
        {
            await restores.CarryOutAsync(question, cancellationToken).ConfigureAwait(false);
        }
        else if (question is { Server: { } server, State: QuestionState.Answered, TakenBy: null, IsAltered: false })
        {
            if (!await TryTellOfServerAsync(question, server, cancellationToken).ConfigureAwait(false))
            {
                return new QuestionLook(time.GetUtcNow() + OpenCallPause);
            }
        }
        else if (question is { Server: null, State: not QuestionState.Withdrawn, IsAltered: false })
        {
            string words = $"To your question {question.Id} ({question.Text}): {QuestionWords.EndOf(question)}";
            await steering.DeliverAsync(question.RunId, words, question.By, question.EventName, cancellationToken)
                .ConfigureAwait(false);
        }

        await questions.SettleAsync(question.Id, cancellationToken).ConfigureAwait(false);
        return new QuestionLook(null);
    }

    /// <summary>
    /// Tells the run that a tool server has its answer, if the call that asked is over; one that is still open takes the answer
    /// itself.
    /// </summary>
    /// <returns>Whether nothing is left to tell.</returns>
    private async Task<bool> TryTellOfServerAsync(Question question, string server, CancellationToken cancellationToken)
    {
        LedgerEntry? call = await ledger.FindAsync(question.RunId, question.Turn, question.Call, cancellationToken)
            .ConfigureAwait(false);
        if (call is not { State: LedgerState.Finished } && time.GetUtcNow() - question.EndedAt < LongestCall)
        {
            return false;
        }

        string words = $"A person has answered what the tool server '{server}' asked. If you still need it, call {question.Tool} again with the same arguments.";
        await steering.DeliverAsync(question.RunId, words, null, question.EventName, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
