using System.Text.Json;

namespace AgentFunctions.TestKit;

/// <summary>
/// What OpenAI and Moonshot demand of a request. A conversation that breaks a rule is answered with 400, as they do.
/// </summary>
internal static class ChatProtocolRules
{
    /// <summary>Finds the first broken rule.</summary>
    /// <param name="body">The request.</param>
    /// <param name="kimi">Whether assistant messages that called tools must carry their reasoning.</param>
    /// <returns>The words of the error; <see langword="null"/> where all is well.</returns>
    public static string? Fault(JsonElement body, bool kimi)
    {
        if (!body.TryGetProperty("model", out JsonElement model) || model.ValueKind != JsonValueKind.String)
        {
            return "you must provide a model parameter";
        }

        if (!body.TryGetProperty("messages", out JsonElement messages)
            || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            return "[] is too short - 'messages'";
        }

        HashSet<string> open = [];
        int index = 0;
        foreach (JsonElement message in messages.EnumerateArray())
        {
            string? role = message.GetProperty("role").GetString();
            if (role == "tool")
            {
                if (!open.Remove(message.GetProperty("tool_call_id").GetString()!))
                {
                    return $"messages with role 'tool' must be a response to a preceeding message with 'tool_calls' (messages[{index}])";
                }
            }
            else if (open.Count > 0)
            {
                return Unanswered(open);
            }

            if (role == "assistant" && message.TryGetProperty("tool_calls", out JsonElement calls))
            {
                open = [.. calls.EnumerateArray().Select(static call => call.GetProperty("id").GetString()!)];
                if (open.Count != calls.GetArrayLength())
                {
                    return $"duplicate tool_call ids in messages[{index}]";
                }

                if (kimi && !(message.TryGetProperty("reasoning_content", out JsonElement reasoning)
                    && reasoning.ValueKind == JsonValueKind.String && reasoning.GetString()!.Length > 0))
                {
                    return $"thinking is enabled but reasoning_content is missing in assistant tool call message at index {index}";
                }
            }
            else if (role == "assistant" && !HasContent(message))
            {
                return $"the message at position {index} with role 'assistant' must not be empty";
            }

            index++;
        }

        if (kimi && body.TryGetProperty("temperature", out JsonElement temperature) && temperature.GetDouble() != 1)
        {
            return "invalid temperature: only 1 is allowed for this model";
        }

        return open.Count > 0 ? Unanswered(open) : null;
    }

    private static string Unanswered(IEnumerable<string> open) =>
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        + $"The following tool_call_ids did not have response messages: {string.Join(", ", open)}";

    private static bool HasContent(JsonElement message) => message.TryGetProperty("content", out JsonElement content)
        && content.ValueKind != JsonValueKind.Null;
}
