using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Core.JsonSchemas;
using AgentFunctions.Core.Text;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.ToolCalls;

namespace AgentFunctions.Steps;

/// <summary>Checks an answer: first by its schema, then by the command, then by the judge.</summary>
internal sealed class AnswerCheck(AnswerJudge judge, AcceptanceCommand commands)
{
    /// <summary>Checks; <see langword="null"/> if the judge was asked before and cut off.</summary>
    public async Task<CheckAcceptanceResult?> CheckAsync(
        RunRecord run, AgentDefinition agent, CheckAcceptanceInput input, string answer, CancellationToken cancellationToken)
    {
        string? complaint = AnswerSchema.Of(run.Acceptance, agent) is { } schema ? SchemaError(schema, answer) : null;
        complaint ??= run.Acceptance?.Command is { } command
            ? await commands.FindErrorAsync(input, command, CheckAcceptanceActivity.MaxFindings - 500, cancellationToken)
                .ConfigureAwait(false)
            : null;
        if (complaint is not null)
        {
            return new CheckAcceptanceResult(false, new(), complaint);
        }

        return run.Acceptance?.Judge is null
            ? new CheckAcceptanceResult(true, new())
            : await judge.JudgeAsync(run, input, answer, cancellationToken).ConfigureAwait(false);
    }

    private static string? SchemaError(JsonElement schema, string answer)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(JsonText.Unfenced(answer));
            IReadOnlyList<string> errors = JsonSchema.Strict(schema).Errors(document.RootElement, "the answer");
            return errors.Count == 0 ? null : $"The answer does not fit the schema: {string.Join("; ", errors)}.";
        }
        catch (JsonException e)
        {
            return $"The answer must be JSON of the given schema and nothing else; it cannot be read: {e.Message}";
        }
    }
}
