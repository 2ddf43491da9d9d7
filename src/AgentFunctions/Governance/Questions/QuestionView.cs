using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Governance.Questions;

/// <summary>Questions as people see them: secrets masked.</summary>
internal static class QuestionView
{
    /// <summary>Gets a question without secrets.</summary>
    /// <param name="question">The question.</param>
    /// <param name="redactor">The redactor.</param>
    public static Question Of(Question question, Redactor redactor) => question with
    {
        Text = redactor.Redact(question.Text),
        Why = redactor.Redact(question.Why),
        Form = redactor.RedactFree(question.Form),
        Url = redactor.Redact(question.Url),
        Goal = redactor.Redact(question.Goal),
        Answers = question.Answers is { } answers ? redactor.RedactFree(answers) : null,
        Words = redactor.Redact(question.Words),
    };
}
