using System.Globalization;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>The input of a request: the words of the user, the dialogue before them, and answers to what was asked.</summary>
/// <param name="Words">The words.</param>
/// <param name="Before">The messages before, each with <c>role</c> and <c>content</c>.</param>
/// <param name="Approvals">The answers.</param>
/// <param name="Outputs">The results of calls that the client has executed.</param>
internal sealed record ResponsesInput(
    string Words, JsonArray Before, IReadOnlyList<ApprovalReply> Approvals, IReadOnlyList<CallOutput> Outputs)
{
    private const string ApprovalPrefix = "mcpr_";

    private const string Content = "input.content";

    /// <summary>Reads an input: text, or items.</summary>
    /// <param name="input">The input.</param>
    /// <param name="isDialogue">Whether all messages are said before, so that none is the words of the user.</param>
    /// <param name="isWhole">
    /// Whether it may be a whole dialogue, in which results of calls may be those of another host: they are history.
    /// </param>
    /// <exception cref="OpenAIException">It is not of a form that this host takes.</exception>
    public static ResponsesInput Read(JsonNode? input, bool isDialogue = false, bool isWhole = false)
    {
        switch (input)
        {
            case JsonValue value when value.TryGetValue(out string? text):
                return new ResponsesInput(text, [], [], []);
            case JsonArray items:
                return ReadItems(items, isDialogue, isWhole);
            case null:
                return new ResponsesInput("", [], [], []);
            default:
                throw OpenAIException.Invalid("input", "send text, or a list of items.");
        }
    }

    /// <summary>Gets the id that an item has which asks about an approval.</summary>
    public static string ItemOf(string approval) => ApprovalPrefix + approval;

    private static ResponsesInput ReadItems(JsonArray items, bool isDialogue, bool isWhole)
    {
        var messages = new List<(string Role, string Text)>();
        var approvals = new List<ApprovalReply>();
        var outputs = new List<CallOutput>();
        List<int> places = [];
        int said = 0;
        foreach (JsonObject item in DoorJson.Objects(items, "input"))
        {
            switch (DoorJson.Text(item["type"], "input.type") ?? "message")
            {
                case "message" when DevUiApprovals(item) is { Count: > 0 } decided:
                    approvals.AddRange(decided);
                    break;
                case "message":
                    messages.Add((
                        DoorJson.Text(item["role"], "input.role")
                            ?? throw OpenAIException.Invalid("input.role", "name the role."),
                        TextOf(item["content"])));
                    break;
                case "mcp_approval_response":
                    approvals.Add(ApprovalOf(item));
                    break;
                case "function_call_output":
                    string call = DoorJson.Text(item["call_id"], "input.call_id")
                        ?? throw OpenAIException.Invalid("input.call_id", "name the call that this is the result of.");
                    if (isWhole && !IsOwn(call))
                    {
                        // The dialogue went on elsewhere, which no run of this host knows: all of it is history.
                        foreach ((int at, CallOutput output) in places.Zip(outputs).Reverse())
                        {
                            messages.Insert(at, ("tool", output.Text));
                        }

                        outputs.Clear();
                        places.Clear();
                        said = 0;
                        messages.Add(("tool", TextOf(item["output"])));
                        break;
                    }

                    outputs.Add(new CallOutput(call, TextOf(item["output"])));
                    places.Add(messages.Count);
                    said = messages.Count;
                    break;
                case "reasoning" or "mcp_call" or "mcp_approval_request" or "item_reference" or "function_call":
                    // What this host said itself, sent back: the run knows it.
                    break;
                case var type:
                    throw OpenAIException.Invalid("input", $"an item of the type '{type}' is not supported.");
            }
        }

        // What was said before a result came is known to the run.
        int last = messages.FindLastIndex(static message => message.Role == "user");
        last = last < said || isDialogue ? -1 : last;
        string words = last < 0 ? "" : messages[last].Text;
        return new ResponsesInput(
            words,
            [
                .. messages.Where((_, index) => index != last).Select(static message =>
                    (JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Text }),
            ],
            approvals, outputs);
    }

    private static ApprovalReply ApprovalOf(JsonObject item)
    {
        string id = DoorJson.Text(item["approval_request_id"], "input.approval_request_id") ?? "";
        return id.StartsWith(ApprovalPrefix, StringComparison.Ordinal)
            && item["approve"] is JsonValue value && value.TryGetValue(out bool approves)
                ? new ApprovalReply(id[ApprovalPrefix.Length..], approves, DoorJson.Text(item["reason"], "input.reason"))
                : throw OpenAIException.Invalid(
                    "input.approval_request_id", "send the id of an item mcp_approval_request, and approve as true or false.");
    }

    /// <summary>Reads the answers that DevUI sends as parts of a message.</summary>
    private static List<ApprovalReply> DevUiApprovals(JsonObject item) =>
    [
        .. (item["content"] as JsonArray
            ?? []).Where(static part => part is JsonObject && part["type"]?.ToString() == "function_approval_response")
            .Select(static part => ApprovalOf(new JsonObject
            {
                ["approval_request_id"] = part!["request_id"]?.DeepClone(),
                ["approve"] = part["approved"]?.DeepClone(),
            })),
    ];

    /// <summary>Whether a call can be one of a run: run, turn and number.</summary>
    private static bool IsOwn(string call) => call.Split('/') is [var run, var turn, var number]
        && RunReader.IsRunId(run) && int.TryParse(turn, NumberStyles.None, CultureInfo.InvariantCulture, out _)
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Gets the text of a message or a result.</summary>
    /// <param name="content">Text, or a list of parts.</param>
    public static string TextOf(JsonNode? content) => content switch
    {
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonArray => string.Join('\n', DoorJson.Objects(content, Content).Select(static part => part["type"]?.ToString() switch
        {
            "input_text" or "output_text" or "text" => DoorJson.Text(part["text"], $"{Content}.text") ?? "",
            "refusal" => DoorJson.Text(part["refusal"], $"{Content}.refusal") ?? "",
            var type => throw OpenAIException.Invalid(
                Content, $"a part of the type '{type}' is not supported; send text."),
        })),
        _ => throw OpenAIException.Invalid(Content, "send text, or a list of parts."),
    };
}

/// <summary>The result of a call that the client has executed.</summary>
/// <param name="Id">The call.</param>
/// <param name="Text">The result.</param>
internal sealed record CallOutput(string Id, string Text);
