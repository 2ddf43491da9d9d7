using Microsoft.Extensions.AI;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>The reasons of an answer's end in the words of many endpoints.</summary>
internal static class WireFinish
{
    /// <summary>The reason that says that the provider failed while it answered.</summary>
    public static readonly ChatFinishReason Failed = new("error");

    /// <summary>
    /// The reason that says that the model began a call that the provider could not read, so it is not in the answer.
    /// </summary>
    public static readonly ChatFinishReason MalformedCall = new("malformed_call");

    /// <summary>Gets the reason; <see langword="null"/> while the answer is not at its end.</summary>
    /// <param name="words">What the endpoint wrote.</param>
    public static ChatFinishReason? Of(string? words) => words?.Trim().ToLowerInvariant() switch
    {
        null or "" or "null" or "none" or "in_progress" => null,
        "length" or "max_tokens" or "max_output_tokens" or "max_length" or "model_length" or "token_limit" or "max_new_tokens"
            or "model_context_window_exceeded" => ChatFinishReason.Length,
        "content_filter" or "content_filtered" or "safety" or "prohibited_content" or "blocklist" or "recitation" or "spii"
            or "sensitive" or "image_safety" or "image_prohibited_content" or "model_armor"
            => ChatFinishReason.ContentFilter,
        "tool_calls" or "tool_call" or "tool_use" or "function_call" or "function_calls" => ChatFinishReason.ToolCalls,
        "error" or "network_error" or "insufficient_system_resource" or "abort" or "aborted" or "cancelled" or "canceled" =>
            Failed,
        // Gemini's MALFORMED_FUNCTION_CALL, alone or as "function_call_filter: MALFORMED_FUNCTION_CALL", and its like.
        { } said when said.Contains("malformed", StringComparison.Ordinal)
            || said.Contains("function_call_filter", StringComparison.Ordinal)
            || said is "unexpected_tool_call" or "too_many_tool_calls" => MalformedCall,
        { } said when said.Contains("error", StringComparison.Ordinal) || said.Contains("fail", StringComparison.Ordinal) =>
            Failed,
        _ => ChatFinishReason.Stop,
    };
}
