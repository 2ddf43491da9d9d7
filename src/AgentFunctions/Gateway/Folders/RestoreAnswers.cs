using System.Text.Json;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;
using AgentFunctions.Snapshots;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Carries out what people answered about conflicts of a restore. Safe to repeat.</summary>
internal sealed class RestoreAnswers(RunFolder folder, SteeringRecords records)
{
    /// <summary>Carries out an answer. Who declines, or does not answer, leaves all as it is.</summary>
    /// <param name="question">The question, which has ended.</param>
    /// <param name="cancellationToken">The token to cancel it; the step is repeated.</param>
    public async Task CarryOutAsync(Question question, CancellationToken cancellationToken)
    {
        if (question is not { State: QuestionState.Answered, IsAltered: false, By: { } by, Answers: { } answers })
        {
            return;
        }

        Dictionary<string, ConflictChoice> choices = ChoicesOf(question.Form, answers);
        var request = new RestoreRequest(question.Turn)
        {
            Resolve = choices,
            Paths = choices.ContainsKey(RestoreRequest.AnyPath) ? null : [.. choices.Keys],
            OnlyConflicts = true,
        };
        try
        {
            await folder.RestoreAsAnsweredAsync(question.RunId, request, new Caller(by), cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (!e.IsTransient && e.Code is not (ErrorCode.RunErased or ErrorCode.RunNotFound))
        {
            string words = $"The answer to question {question.Id} about the folder was not carried out: {e.Message}";
            await records.JournalAsync(question.RunId, JournalEventTypes.RunNoted, words, claim: null, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static Dictionary<string, ConflictChoice> ChoicesOf(JsonElement form, JsonElement answers)
    {
        JsonElement fields = form.GetProperty("properties");
        var choices = new Dictionary<string, ConflictChoice>(StringComparer.Ordinal);
        foreach (JsonProperty answer in answers.EnumerateObject())
        {
            string path = answer.Name == RestoreQuestions.All
                ? RestoreRequest.AnyPath
                : fields.GetProperty(answer.Name).GetProperty("description").GetString()!;
            choices[path] = answer.Value.GetString() switch
            {
                "restore" => ConflictChoice.Restore,
                "merge" => ConflictChoice.Merge,
                _ => ConflictChoice.Keep,
            };
        }

        return choices;
    }
}
