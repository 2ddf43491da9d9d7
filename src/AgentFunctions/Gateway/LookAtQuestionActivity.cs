using AgentFunctions.Durability;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Loop;

namespace AgentFunctions.Gateway;

/// <summary>Looks at a question that its run does not wait for, and brings the answer to the run as a message of the person who gave it.</summary>
internal sealed class LookAtQuestionActivity(QuestionRequester questions, RunSteering steering)
{
    public async Task<QuestionLook> RunAsync(ActivityContext context, QuestionInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        Question question = await questions.CheckAsync(input.QuestionId, cancellationToken).ConfigureAwait(false);
        if (question is { State: QuestionState.Pending, IsAltered: false })
        {
            return new QuestionLook(HumanTaskSchedule.NextLook(question));
        }

        if (question is { State: not QuestionState.Withdrawn, IsAltered: false })
        {
            string words = $"To your question {question.Id} ({question.Text}): {QuestionWords.EndOf(question)}";
            await steering.DeliverAsync(question.RunId, words, question.By, question.EventName, cancellationToken).ConfigureAwait(false);
        }

        await questions.SettleAsync(question.Id, cancellationToken).ConfigureAwait(false);
        return new QuestionLook(null);
    }
}
