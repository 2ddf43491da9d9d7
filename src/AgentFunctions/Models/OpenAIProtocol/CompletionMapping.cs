using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using OpenAIFinishReason = OpenAI.Chat.ChatFinishReason;

namespace AgentFunctions.Models.OpenAIProtocol;

/// <summary>OpenAI's answers as common contents.</summary>
internal static class CompletionMapping
{
    public static ChatResponse FromOpenAI(ChatCompletion completion)
    {
        if (completion.Patch.TryGetJson("$.error"u8, out ReadOnlyMemory<byte> error))
        {
            throw new ErrorInAnswerException(Encoding.UTF8.GetString(error.Span));
        }

        List<AIContent> contents = [];
        if (completion.Patch.TryGetValue("$.choices[0].message.reasoning_content"u8, out string? reasoning)
            && !string.IsNullOrEmpty(reasoning))
        {
            contents.Add(new TextReasoningContent(reasoning));
        }

        string text = string.Concat(completion.Content.Select(static part => part.Text));
        if (text.Length > 0)
        {
            contents.Add(new TextContent(text));
        }

        if (!string.IsNullOrEmpty(completion.Refusal))
        {
            contents.Add(Refusal(completion.Refusal));
        }

        contents.AddRange(completion.ToolCalls.Select(
            static call => Call(call.Id, call.FunctionName, call.FunctionArguments.ToString())));
        return new ChatResponse(new Microsoft.Extensions.AI.ChatMessage(ChatRole.Assistant, contents))
        {
            ResponseId = completion.Id,
            ModelId = completion.Model,
            CreatedAt = completion.CreatedAt == default ? null : completion.CreatedAt,
            FinishReason = Reason(completion.FinishReason),
            Usage = completion.Usage is null ? null : Usage(completion.Usage),
        };
    }

    public static ErrorContent Refusal(string words) => new(words) { ErrorCode = ModelConventions.Refusal };

    /// <summary>A call whose arguments may be anything that the model wrote.</summary>
    public static FunctionCallContent Call(string id, string name, string arguments)
    {
        if (string.IsNullOrWhiteSpace(arguments))
        {
            return new(id, name, new Dictionary<string, object?>());
        }

        try
        {
            using var parsed = JsonDocument.Parse(arguments);
            if (parsed.RootElement.ValueKind == JsonValueKind.Object)
            {
                Dictionary<string, object?> values = [];
                foreach (JsonProperty property in parsed.RootElement.EnumerateObject())
                {
                    values[property.Name] = property.Value.Clone();
                }

                return new(id, name, values);
            }
        }
        catch (JsonException)
        {
            // What the model wrote is its mistake, and it shall read of it.
        }

        return new(id, name)
        {
            AdditionalProperties = new() { [ModelConventions.InvalidArguments] = arguments },
        };
    }

    public static Microsoft.Extensions.AI.ChatFinishReason Reason(OpenAIFinishReason reason) => reason switch
    {
        OpenAIFinishReason.Length => Microsoft.Extensions.AI.ChatFinishReason.Length,
        OpenAIFinishReason.ContentFilter => Microsoft.Extensions.AI.ChatFinishReason.ContentFilter,
        OpenAIFinishReason.ToolCalls or OpenAIFinishReason.FunctionCall => Microsoft.Extensions.AI.ChatFinishReason.ToolCalls,
        _ => Microsoft.Extensions.AI.ChatFinishReason.Stop,
    };

    public static UsageDetails Usage(ChatTokenUsage usage)
    {
        long? cached = usage.InputTokenDetails?.CachedTokenCount;
        if (cached is null or 0)
        {
            // Moonshot's and DeepSeek's names for it.
            cached = usage.Patch.TryGetValue("$.cached_tokens"u8, out int tokens)
                || usage.Patch.TryGetValue("$.prompt_cache_hit_tokens"u8, out tokens) ? tokens : cached;
        }

        return new()
        {
            InputTokenCount = usage.InputTokenCount,
            OutputTokenCount = usage.OutputTokenCount,
            TotalTokenCount = usage.TotalTokenCount,
            CachedInputTokenCount = cached,
            ReasoningTokenCount = usage.OutputTokenDetails?.ReasoningTokenCount,
        };
    }
}
