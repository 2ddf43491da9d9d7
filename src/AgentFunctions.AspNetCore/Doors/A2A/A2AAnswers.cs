using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Takes the messages of clients that answer what a task asks.</summary>
internal sealed class A2AAnswers(ApprovalService approvals, QuestionService questions)
{
    /// <summary>Answers with a message, if it answers anything.</summary>
    /// <param name="stand">What is open.</param>
    /// <param name="message">The message.</param>
    /// <param name="caller">Who answers.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether it was an answer.</returns>
    public async Task<bool> TryAnswerAsync(
        RunStand stand, A2AMessage message, Caller caller, CancellationToken cancellationToken)
    {
        if (Find(stand, message.Data) is not { } open)
        {
            return false;
        }

        if (open.Approval is { } approval)
        {
            if (Approves(message) is not { } approves)
            {
                return false;
            }

            if (A2AMessage.TextOf(message.Data, "callHash") is { } hash && hash != approval.CallHash)
            {
                throw A2AException.Invalid("callHash: the call has changed; get the task, and answer what it asks now.");
            }

            JsonElement? edited = approves && message.Data["arguments"] is JsonObject arguments
                ? JsonElement.Parse(arguments.ToJsonString())
                : null;
            string? comment = A2AMessage.TextOf(message.Data, "comment");
            await approvals.DecideAsync(approval.Id, caller, approves, comment, edited, cancellationToken);
            return true;
        }

        if (message.Data["answers"] is not JsonObject answers)
        {
            return false;
        }

        await questions.AnswerAsync(open.Question!.Id, caller, JsonElement.Parse(answers.ToJsonString()), cancellationToken);
        return true;
    }

    private static OpenQuestion? Find(RunStand stand, JsonObject data) =>
        (A2AMessage.TextOf(data, "approval") ?? A2AMessage.TextOf(data, "question")) is { } id
            ? stand.Answerable.FirstOrDefault(one => one.Id == id)
                ?? throw A2AException.Invalid($"The task asks nothing with the id '{id}' that you may answer.")
            : stand.Answerable is [var only] ? only : null;

    private static bool? Approves(A2AMessage message) =>
        message.Data["approve"] is JsonValue said && said.TryGetValue(out bool approves) ? approves
        : message.Data.Count > 0 ? null
        : message.Text.Trim().TrimEnd('.', '!').ToUpperInvariant() switch
        {
            "YES" => true,
            "NO" => false,
            _ => null,
        };
}
