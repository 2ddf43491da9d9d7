using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using OpenAIMessage = OpenAI.Chat.ChatMessage;

namespace AgentFunctions.Models.OpenAIProtocol;

/// <summary>Messages of the transcript as OpenAI's messages.</summary>
internal static class MessageMapping
{
    /// <summary>
    /// Stands in for reasoning that is not there: another model's turn, a compacted one. Kimi takes an empty text for a missing
    /// field.
    /// </summary>
    private const string NoReasoning = "(not recorded)";

    public static List<OpenAIMessage> ToOpenAI(
        IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options, ModelProfile profile)
    {
        List<OpenAIMessage> mapped = [];
        if (!string.IsNullOrEmpty(options?.Instructions))
        {
            mapped.Add(new SystemChatMessage(options.Instructions));
        }

        foreach (Microsoft.Extensions.AI.ChatMessage message in messages)
        {
            if (message.Role == ChatRole.Assistant)
            {
                mapped.Add(Assistant(message, profile));
            }
            else if (message.Role == ChatRole.System)
            {
                mapped.Add(new SystemChatMessage(message.Text));
            }
            else
            {
                mapped.AddRange(message.Contents.OfType<FunctionResultContent>()
                    .Select(static result => new ToolChatMessage(result.CallId, ResultText(result))));
                List<ChatMessageContentPart> parts = [.. message.Contents.Select(Part).OfType<ChatMessageContentPart>()];
                if (parts.Count > 0)
                {
                    mapped.Add(new UserChatMessage(parts) { ParticipantName = message.AuthorName });
                }
            }
        }

        return mapped;
    }

    private static AssistantChatMessage Assistant(Microsoft.Extensions.AI.ChatMessage message, ModelProfile profile)
    {
        string text = message.Text;
        List<ChatToolCall> calls = [.. message.Contents.OfType<FunctionCallContent>()
            .Select(static call => ChatToolCall.CreateFunctionToolCall(call.CallId, call.Name, Arguments(call)))];
        AssistantChatMessage mapped;
        if (calls.Count == 0)
        {
            mapped = new AssistantChatMessage(text);
        }
        else
        {
            mapped = new AssistantChatMessage(calls);
            if (text.Length > 0)
            {
                mapped.Content.Add(ChatMessageContentPart.CreateTextPart(text));
            }
            else
            {
                // The protocol lets the field out, but several compatible endpoints demand it.
                mapped.Patch.SetNull("$.content"u8);
            }
        }

        if (message.Contents.OfType<ErrorContent>().FirstOrDefault(static error => error.ErrorCode == ModelConventions.Refusal)
            is { } refusal)
        {
            mapped.Refusal = refusal.Message;
        }

        if (profile.ReturnsReasoning)
        {
            string reasoning = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(static part => part.Text));
            if (reasoning.Length > 0 || calls.Count > 0)
            {
                mapped.Patch.Set("$.reasoning_content"u8, reasoning.Length > 0 ? reasoning : NoReasoning);
            }
        }

        return mapped;
    }

    private static BinaryData Arguments(FunctionCallContent call) => BinaryData.FromString(
        ModelConventions.InvalidArgumentsOf(call)
        ?? (call.Arguments is null ? "{}" : JsonSerializer.Serialize(call.Arguments, ModelConventions.Json)));

    private static string ResultText(FunctionResultContent result) => result.Result switch
    {
        _ when result.Exception is { } error => $"Error: {error.Message}",
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        JsonElement json => json.GetRawText(),
        TextContent text => text.Text,
        IEnumerable<AIContent> contents => contents.Aggregate(
            new StringBuilder(), static (builder, content) => builder.Append(content), static builder => builder.ToString()),
        object value => JsonSerializer.Serialize(value, ModelConventions.Json),
    };

    private static ChatMessageContentPart? Part(AIContent content) => content switch
    {
        TextReasoningContent => null,
        TextContent text => ChatMessageContentPart.CreateTextPart(text.Text),
        UriContent uri when uri.HasTopLevelMediaType("image") => ChatMessageContentPart.CreateImagePart(uri.Uri),
        DataContent data when data.HasTopLevelMediaType("image") =>
            ChatMessageContentPart.CreateImagePart(BinaryData.FromBytes(data.Data), data.MediaType),
        _ => null,
    };
}
