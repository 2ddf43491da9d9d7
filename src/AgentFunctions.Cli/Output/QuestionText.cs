using System.Text;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.Cli.Output;

/// <summary>Questions in words, for a terminal.</summary>
internal static class QuestionText
{
    /// <summary>Gets all of a question.</summary>
    public static string Describe(QuestionResource question)
    {
        var text = new StringBuilder($"{question.Id}  {question.Question}\n");
        text.Append(question.Server is { } server ? $"    in the words of the tool server '{server}'\n" : "");
        text.Append(question.Why is { } why ? $"    why: {why}\n" : "");
        text.Append(question.Context.Count > 0 ? $"    see: {string.Join(", ", question.Context)}\n" : "");
        text.Append(question.Url is { } url ? $"    open: {Terminal.Json(url)}\n" : "");
        foreach (QuestionField field in QuestionForm.Read(question.Form).Fields)
        {
            text.Append("    ").Append(Describe(field)).Append('\n');
        }

        text.Append($"    run {question.Run} of {question.Requester}, agents {string.Join(" > ", question.Chain)}; rule '{question.Rule}'\n");
        text.Append($"    {CamelCase.Of(question.State)}{(question.By is { } by ? $" by {by}" : "")}{(question.Words is { } words ? $": {words}" : "")}");
        text.Append(question.Answers is { } answers ? $" {Terminal.Json(answers.GetRawText())}" : "");
        text.Append(question.State == QuestionState.Pending
            ? $", by {string.Join(", ", question.Roles)}; until {question.ExpiresAt:u}"
            : "");
        return Terminal.Lines(text.ToString());
    }

    /// <summary>Gets a field in a line: what it takes, and what it holds unless somebody changes it.</summary>
    public static string Describe(QuestionField field)
    {
        string kind = field.Kind switch
        {
            QuestionFieldKind.Choice => string.Join(" | ", field.Choices.Select(Describe)),
            QuestionFieldKind.Choices => $"some of {string.Join(", ", field.Choices.Select(Describe))}",
            QuestionFieldKind.YesNo => "yes or no",
            QuestionFieldKind.WholeNumber => "whole number",
            QuestionFieldKind.Number => "number",
            _ => "words",
        };
        return Terminal.Lines(
            $"{field.Name}{(field.IsRequired ? "" : " (optional)")}: {(field.Title == field.Name ? "" : $"{field.Title}: ")}{kind}"
            + $"{(field.Description is { } more ? $"; {more}" : "")}{(field.Default is { } value ? $" [{Terminal.Json(value.GetRawText())}]" : "")}");
    }

    private static string Describe(QuestionChoice choice) => choice.Title == choice.Value
        ? choice.Value
        : $"{choice.Value} ({choice.Title})";
}
