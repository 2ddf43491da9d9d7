using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>What runs ask people, as requests for input of the Model Context Protocol, and the answers.</summary>
internal sealed class Elicitation(ApprovalService approvals, QuestionService questions)
{
    private const string Approve = "approve";
    private const string Comment = "comment";
    private const string Arguments = "arguments";

    /// <summary>Makes the requests for what a caller may answer.</summary>
    /// <param name="open">What is open.</param>
    public static Dictionary<string, InputRequest> Requests(IEnumerable<OpenQuestion> open) =>
        open.ToDictionary(
            KeyOf,
            static one => one.Approval is { } approval ? Of(approval) : Of(one.Question!),
            StringComparer.Ordinal);

    /// <summary>
    /// Takes answers. An answer to what is no longer open is ignored: somebody else has answered, or the time to answer is over.
    /// </summary>
    /// <param name="open">What is open.</param>
    /// <param name="responses">The answers by the ids of what they answer.</param>
    /// <param name="caller">Who answers.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="McpProtocolException">An answer does not have the form that was asked for.</exception>
    public async Task AnswerAsync(
        IReadOnlyList<OpenQuestion> open, IEnumerable<KeyValuePair<string, InputResponse>> responses, Caller caller,
        CancellationToken cancellationToken)
    {
        foreach ((string id, InputResponse response) in responses)
        {
            if (open.FirstOrDefault(one => one.MayAnswer && (KeyOf(one) == id || one.Id == id)) is not { } asked)
            {
                continue;
            }

            ElicitResult result = Read(response, id);
            if (KeyOf(asked) != id && Approves(result))
            {
                // A yes to the earlier form is none to what has been made of it; a no is.
                continue;
            }

            try
            {
                await (asked.Approval is { } approval
                    ? DecideAsync(approval, result, caller, cancellationToken)
                    : AnswerAsync(asked.Question!, result, caller, cancellationToken));
            }
            catch (AgentException e) when (e.Code is ErrorCode.ApprovalStateForbids or ErrorCode.QuestionStateForbids)
            {
                // It has been answered, or has expired, in the meantime.
            }
            catch (AgentException e) when (e.Code == ErrorCode.InvalidInput)
            {
                throw new McpProtocolException($"inputResponses.{id}: {e.Message}", McpErrorCode.InvalidParams);
            }
        }
    }

    /// <summary>
    /// The name of a request. Arguments that a person has changed make another one, and a yes to the earlier form answers
    /// nothing.
    /// </summary>
    private static string KeyOf(OpenQuestion one) =>
        one.Approval is { Edited: not null } changed ? $"{changed.Id}-{changed.CallHash}" : one.Id;

    private static bool Approves(ElicitResult result) => result.IsAccepted
        && result.Content?.TryGetValue(Approve, out JsonElement said) == true && said.ValueKind == JsonValueKind.True;

    private static ElicitResult Read(InputResponse response, string id)
    {
        try
        {
            if (response?.Deserialize(InputResponse.ElicitResultJsonTypeInfo)
                is { Action: "accept" or "decline" or "cancel" } result)
            {
                return result;
            }
        }
        catch (JsonException)
        {
            // Reported below.
        }

        throw new McpProtocolException(
            $"inputResponses.{id}: send the result of an elicitation: action accept, decline or cancel, and content.",
            McpErrorCode.InvalidParams);
    }

    private async Task DecideAsync(Approval approval, ElicitResult result, Caller caller, CancellationToken cancellationToken)
    {
        bool approves = Approves(result);
        string? comment = result.Action == "cancel" ? "abandoned" : TextOf(result, Comment);
        JsonElement? edited = null;
        if (approves && TextOf(result, Arguments) is { } text && text != Shown(approval))
        {
            try
            {
                edited = JsonElement.Parse(text);
            }
            catch (JsonException)
            {
                throw new AgentException(ErrorCode.InvalidInput, "arguments: send a JSON object as text, or leave it as it was.");
            }
        }

        await approvals.DecideAsync(approval.Id, caller, approves, comment, edited, approval.CallHash, cancellationToken);
    }

    private async Task AnswerAsync(Question question, ElicitResult result, Caller caller, CancellationToken cancellationToken)
    {
        if (!result.IsAccepted)
        {
            await questions.DeclineAsync(question.Id, caller, result.Action == "cancel" ? "abandoned" : null, cancellationToken);
            return;
        }

        // Fields that this form does not have are left out: clients may answer several forms with the same content.
        HashSet<string> fields = question.Url is null
            ? [.. QuestionForm.Read(question.Form).Fields.Select(static field => field.Name)]
            : [];
        var answers = new JsonObject();
        foreach ((string name, JsonElement value) in result.Content ?? new Dictionary<string, JsonElement>())
        {
            if (fields.Contains(name))
            {
                answers[name] = JsonNode.Parse(value.GetRawText());
            }
        }

        await questions.AnswerAsync(question.Id, caller, JsonElement.Parse(answers.ToJsonString()), cancellationToken);
    }

    private static string? TextOf(ElicitResult result, string name) =>
        result.Content?.TryGetValue(name, out JsonElement value) == true
            && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
                ? text
                : null;

    private static InputRequest Of(Approval approval)
    {
        var fields = new JsonObject
        {
            [Approve] = new JsonObject
            {
                ["type"] = "boolean",
                ["title"] = "Approve",
                ["description"] = "Whether the call may be made.",
            },
            [Comment] = new JsonObject
            {
                ["type"] = "string",
                ["title"] = "Comment",
                ["description"] = "Why; the agent reads it.",
            },
        };
        if (approval.Masked.Count == 0)
        {
            fields[Arguments] = new JsonObject
            {
                ["type"] = "string",
                ["title"] = "Arguments",
                ["description"] = "The arguments of the call, as JSON. Change them to have the call made with others.",
                ["default"] = Shown(approval),
            };
        }

        string what = approval.Question == ApprovalQuestion.Repeat
            ? $"The call of '{approval.Tool}' was interrupted, and nobody knows whether it took effect. May it be made again?"
            : $"May the agent call '{approval.Tool}'?";
        string message = $"{what}\n{approval.Reason}\nArguments: {Shown(approval)}\n"
            + $"Run {approval.RunId}, rule '{approval.Rule}', call {approval.CallHash}.";
        return Form(
            message, new JsonObject { ["type"] = "object", ["properties"] = fields, ["required"] = new JsonArray(Approve) });
    }

    private static InputRequest Of(Question question)
    {
        string message = question.Why is { } why ? $"{question.Text}\n{why}" : question.Text;
        return question.Url is { } url
            ? Request(new JsonObject { ["mode"] = "url", ["message"] = message, ["url"] = url, ["elicitationId"] = question.Id })
            : Form(message, JsonNode.Parse(question.Form.GetRawText())!);
    }

    private static InputRequest Form(string message, JsonNode schema) =>
        Request(new JsonObject { ["mode"] = "form", ["message"] = message, ["requestedSchema"] = schema });

    private static InputRequest Request(JsonObject parameters) =>
        new() { Method = RequestMethods.ElicitationCreate, Params = JsonElement.Parse(parameters.ToJsonString()) };

    private static string Shown(Approval approval) => (approval.Edited ?? approval.Arguments).GetRawText();
}
