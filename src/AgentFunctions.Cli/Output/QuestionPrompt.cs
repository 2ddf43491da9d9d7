using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.Cli.Output;

/// <summary>Asks for an answer on a terminal, field by field.</summary>
internal static class QuestionPrompt
{
    private const string Decline = "decline";

    /// <summary>Asks.</summary>
    /// <param name="question">The question.</param>
    /// <param name="input">Where the person types.</param>
    /// <param name="output">Where the person reads.</param>
    /// <param name="isTerminal">Whether a person is there.</param>
    /// <returns>The answer; <see langword="null"/> if nobody is there, or the person said later.</returns>
    public static AnswerSubmission? Ask(QuestionResource question, TextReader input, TextWriter output, bool isTerminal)
    {
        if (!isTerminal)
        {
            return null;
        }

        output.WriteLine(QuestionText.Describe(question));
        output.WriteLine("Never type a password here. 'later' leaves the question open, 'decline WORDS' declines; an empty line takes what stands in [ ].");
        var form = QuestionForm.Read(question.Form);
        var answers = new JsonObject();
        foreach (QuestionField field in form.Fields)
        {
            switch (AskFor(field, form, input, output))
            {
                case { Later: true }:
                    return null;
                case { Decline: { } words }:
                    return new AnswerSubmission { Decline = words };
                case { Value: { } value }:
                    answers[field.Name] = JsonNode.Parse(value.GetRawText());
                    break;
            }
        }

        if (form.Fields.Count == 0)
        {
            output.Write("Done? [y/later] ");
            string? said = input.ReadLine()?.Trim();
            if (IsDecline(said))
            {
                return new AnswerSubmission { Decline = WordsOf(said!) };
            }

            if (said is not ("y" or "Y" or "yes"))
            {
                return null;
            }
        }

        return new AnswerSubmission { Answers = JsonElement.Parse(answers.ToJsonString()) };
    }

    /// <summary>Asks for one field until its value fits.</summary>
    private static Typed AskFor(QuestionField field, QuestionForm form, TextReader input, TextWriter output)
    {
        while (true)
        {
            output.Write($"{QuestionText.Describe(field)} > ");
            switch (input.ReadLine())
            {
                case null or "later":
                    return new Typed(Later: true);
                case { } declined when IsDecline(declined):
                    return new Typed(Decline: WordsOf(declined));
                case "" when field.Default is { } value:
                    return new Typed(value);
                case "" when !field.IsRequired:
                    return new Typed();
                case { } text:
                    JsonElement typed = field.Parse(text);
                    var alone = new JsonObject { [field.Name] = JsonNode.Parse(typed.GetRawText()) };
                    string? wrong = form.Errors(JsonElement.Parse(alone.ToJsonString())).FirstOrDefault(
                        error => !error.EndsWith(" is required", StringComparison.Ordinal)
                            && error.StartsWith(field.Name, StringComparison.Ordinal));
                    if (wrong is null)
                    {
                        return new Typed(typed);
                    }

                    output.WriteLine(Terminal.Lines(wrong));
                    break;
            }
        }
    }

    private static bool IsDecline(string? typed) => typed == Decline
        || typed?.StartsWith(Decline + " ", StringComparison.Ordinal) == true;

    private static string WordsOf(string typed) => typed[Decline.Length..].Trim();

    private readonly record struct Typed(JsonElement? Value = null, string? Decline = null, bool Later = false);
}
