using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.Gateway;

/// <summary>
/// Tells lead agents what their sub-agents ask them: as a message of the host, which also ends a wait for sub-agents.
/// </summary>
internal sealed class LeadAgents(RunSteering steering) : ILeadAgents
{
    public Task TellAsync(Question question, CancellationToken cancellationToken) => steering.DeliverAsync(
        question.Lead!, WordsOf(question), null, $"{question.EventName}:lead", cancellationToken);

    private static string WordsOf(Question question)
    {
        string asked = question.Why is { } why ? $"{question.Text}\nWhy it asks: {why}" : question.Text;
        string form = question.Form.GetRawText() == QuestionForm.Words.Schema.GetRawText()
            ? ""
            : $"\nThe form of the answer: {question.Form.GetRawText()}";
        return $"Your sub-agent {ChildName.NameOf(question.RunId)} asks you:\n{UntrustedText.Mark(asked + form, question.Id)}\n"
            + $"{(question.IsAwaited ? "It waits for your answer. " : "")}Answer with {QuestionToolNames.Answer}, question {question.Id}.";
    }
}
