using System.Text.Json.Nodes;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>The input of a request: the words of the user, the dialogue before them, and answers to what was asked.</summary>
/// <param name="Words">The words.</param>
/// <param name="Before">The messages before, each with <c>role</c> and <c>content</c>.</param>
/// <param name="Approvals">The answers.</param>
internal sealed record ResponsesInput(string Words, JsonArray Before, IReadOnlyList<ApprovalReply> Approvals)
{
    private const string ApprovalPrefix = "mcpr_";

    /// <summary>Reads an input: text, or items.</summary>
    /// <param name="input">The input.</param>
    /// <exception cref="OpenAIException">It is not of a form that this host takes.</exception>
    public static ResponsesInput Read(JsonNode? input)
    {
        switch (input)
        {
            case JsonValue value when value.TryGetValue(out string? text):
                return new ResponsesInput(text, [], []);
            case JsonArray items:
                return Read(items);
            case null:
                return new ResponsesInput("", [], []);
            default:
                throw OpenAIException.Invalid("input", "send text, or a list of items.");
        }
    }

    /// <summary>Gets the id that an item has which asks about an approval.</summary>
    public static string ItemOf(string approval) => ApprovalPrefix + approval;

    private static ResponsesInput Read(JsonArray items)
    {
        var messages = new List<(string Role, string Text)>();
        var approvals = new List<ApprovalReply>();
        foreach (JsonNode? item in items)
        {
            switch (item?["type"]?.ToString() ?? "message")
            {
                case "message":
                    messages.Add((
                        item?["role"]?.ToString() ?? throw OpenAIException.Invalid("input.role", "name the role."),
                        TextOf(item["content"])));
                    break;
                case "mcp_approval_response":
                    approvals.Add(ApprovalOf(item!));
                    break;
                case "reasoning" or "mcp_call" or "mcp_approval_request" or "item_reference":
                    // What this host said itself, sent back: the run knows it.
                    break;
                case var type:
                    throw OpenAIException.Invalid("input", $"an item of the type '{type}' is not supported.");
            }
        }

        int last = messages.FindLastIndex(static message => message.Role == "user");
        string words = last < 0 ? "" : messages[last].Text;
        return new ResponsesInput(
            words,
            [
                .. messages.Where((_, index) => index != last).Select(static message =>
                    (JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Text }),
            ],
            approvals);
    }

    private static ApprovalReply ApprovalOf(JsonNode item)
    {
        string id = item["approval_request_id"]?.ToString() ?? "";
        return id.StartsWith(ApprovalPrefix, StringComparison.Ordinal)
            && item["approve"] is JsonValue value && value.TryGetValue(out bool approves)
                ? new ApprovalReply(id[ApprovalPrefix.Length..], approves, item["reason"]?.ToString())
                : throw OpenAIException.Invalid(
                    "input.approval_request_id", "send the id of an item mcp_approval_request, and approve as true or false.");
    }

    private static string TextOf(JsonNode? content) => content switch
    {
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonArray parts => string.Join('\n', parts.Select(static part => part?["type"]?.ToString() switch
        {
            "input_text" or "output_text" or "text" => part["text"]?.ToString() ?? "",
            "refusal" => part["refusal"]?.ToString() ?? "",
            var type => throw OpenAIException.Invalid(
                "input.content", $"a part of the type '{type}' is not supported; send text."),
        })),
        _ => throw OpenAIException.Invalid("input.content", "send text, or a list of parts."),
    };
}
