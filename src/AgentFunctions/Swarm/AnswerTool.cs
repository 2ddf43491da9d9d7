using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Swarm;

/// <summary>Lets a lead agent answer what its sub-agents ask it.</summary>
internal static class AnswerTool
{
    public static async Task<string> AnswerAsync(
        ToolContext context,
        [Description("The id of the question, as you were told.")] string question,
        [Description("The answer in words, or one of the choices.")] string? answer = null,
        [Description("Instead, for a form of several fields: their values, by name.")] JsonElement? answers = null,
        [Description("Instead: why you do not answer.")] string? decline = null,
        CancellationToken cancellationToken = default)
    {
        bool hasForm = answers is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) };
        if ((answer is null ? 0 : 1) + (hasForm ? 1 : 0) + (decline is null ? 0 : 1) != 1)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, "Give one of answer, answers and decline.");
        }

        QuestionService questions = context.Services.GetRequiredService<QuestionService>();
        var lead = Caller.OfRun(context.RunId);
        Question asked = await questions.GetAsync(question, lead, cancellationToken).ConfigureAwait(false);
        if (decline is not null)
        {
            await questions.DeclineAsync(question, lead, decline, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await questions.AnswerAsync(question, lead, hasForm ? answers!.Value : InForm(asked, answer!), cancellationToken)
                .ConfigureAwait(false);
        }

        return $"Told {ChildName.NameOf(asked.RunId)}.";
    }

    /// <summary>Words as the answers of a form; what does not fit a field is left to the form's own check.</summary>
    private static JsonElement InForm(Question question, string answer)
    {
        IReadOnlyList<QuestionField> fields = QuestionForm.Read(question.Form).Fields;
        QuestionField field = fields switch
        {
            [var only] => only,
            [{ Kind: QuestionFieldKind.Choice } choice, { Name: "other" } other] =>
                choice.Choices.Any(one => one.Value == answer || one.Title == answer) ? choice : other,
            _ => throw new AgentException(
                ErrorCode.ToolArgumentsInvalid,
                $"answers: this form has several fields; give a value for each: {string.Join(", ", fields.Select(static one => one.Name))}."),
        };
        var given = new JsonObject { [field.Name] = JsonNode.Parse(field.Parse(answer).GetRawText()) };
        return JsonElement.Parse(given.ToJsonString());
    }
}
