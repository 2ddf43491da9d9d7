using System.Text.Json;

namespace AgentFunctions.Governance.Questions;

/// <summary>Tells questions and answers in words.</summary>
internal static class QuestionWords
{
    /// <summary>Gets the answers as text: the value alone where one thing was asked for, else JSON.</summary>
    /// <param name="question">The question.</param>
    public static string AnswersOf(Question question)
    {
        if (question.Answers is not { } answers)
        {
            return "";
        }

        if (question.Url is not null)
        {
            return "done";
        }

        JsonProperty[] given = [.. answers.EnumerateObject()];
        return given is [{ Name: QuestionForm.OnlyField or "other", Value.ValueKind: JsonValueKind.String } only]
            ? only.Value.GetString()!
            : answers.GetRawText();
    }

    /// <summary>Gets who it was that answered or declined, for whoever asked.</summary>
    /// <param name="question">The question.</param>
    public static string WhoAnswered(Question question) => question.IsOfLead ? "your lead agent" : question.Role is null
        ? question.By ?? "somebody"
        : $"{question.By} ({question.Role})";

    /// <summary>Gets how a question ended, in one sentence.</summary>
    /// <param name="question">The question.</param>
    public static string EndOf(Question question) => question.State switch
    {
        QuestionState.Answered when question.IsByDefault =>
            $"Nobody answered in time; the defaults were taken: {AnswersOf(question)}",
        QuestionState.Answered => $"{WhoAnswered(question)} answered: {AnswersOf(question)}",
        QuestionState.Declined =>
            $"{WhoAnswered(question)} declined to answer{(question.Words is { } words ? $": {words}" : ".")}",
        QuestionState.Expired => "Nobody answered in time.",
        QuestionState.Withdrawn => $"It was withdrawn{(question.Words is { } why ? $": {why}" : ".")}",
        _ => "It waits for a person.",
    };
}
