using System.ClientModel.Primitives;
using System.Text;
using Microsoft.Extensions.AI;
using OpenAI.Chat;

namespace AgentFunctions.Models.OpenAIProtocol;

/// <summary>Puts a streamed answer together: texts pass at once, calls when the stream is whole.</summary>
internal sealed class StreamedAnswer
{
    private readonly SortedDictionary<int, PartialCall> calls = [];
    private readonly StringBuilder refusal = new();
    private string? id;
    private string? model;
    private DateTimeOffset? createdAt;
    private UsageDetails? usage;
    private Microsoft.Extensions.AI.ChatFinishReason? finishReason;

    /// <summary>Whether anything has come.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the provider said that the answer is whole.</summary>
    public bool IsFinished => finishReason is not null;

    /// <summary>Takes an update.</summary>
    /// <returns>What of it can pass at once, or <see langword="null"/>.</returns>
    public ChatResponseUpdate? Add(StreamingChatCompletionUpdate update)
    {
        if (update.Patch.TryGetJson("$.error"u8, out ReadOnlyMemory<byte> error))
        {
            throw new ErrorInAnswerException(Encoding.UTF8.GetString(error.Span));
        }

        HasBegun = true;
        id ??= update.CompletionId;
        model ??= update.Model;
        createdAt ??= update.CreatedAt == default ? null : update.CreatedAt;
        refusal.Append(update.RefusalUpdate);
        foreach (StreamingChatToolCallUpdate part in update.ToolCallUpdates)
        {
            Add(part);
        }

        if (UsageOf(update) is { } tokens)
        {
            usage = CompletionMapping.Usage(tokens);
        }

        if (update.FinishReason is { } reason)
        {
            finishReason = CompletionMapping.Reason(reason);
        }

        List<AIContent> contents = [];
        if (update.Patch.TryGetValue("$.choices[0].delta.reasoning_content"u8, out string? reasoning)
            && !string.IsNullOrEmpty(reasoning))
        {
            contents.Add(new TextReasoningContent(reasoning));
        }

        string text = string.Concat(update.ContentUpdate.Select(static part => part.Text));
        if (text.Length > 0)
        {
            contents.Add(new TextContent(text));
        }

        return contents.Count == 0 ? null : Update(contents);
    }

    /// <summary>What could not pass before the end: calls, a refusal, usage and the reason of the end.</summary>
    public ChatResponseUpdate Rest()
    {
        List<AIContent> contents = [.. calls.Values.Select(
            static call => CompletionMapping.Call(call.Id ?? "", call.Name.ToString(), call.Arguments.ToString()))];
        if (refusal.Length > 0)
        {
            contents.Insert(0, CompletionMapping.Refusal(refusal.ToString()));
        }

        if (usage is not null)
        {
            contents.Add(new UsageContent(usage));
        }

        ChatResponseUpdate last = Update(contents);
        last.FinishReason = finishReason;
        return last;
    }

    private void Add(StreamingChatToolCallUpdate part)
    {
        if (!calls.TryGetValue(part.Index, out PartialCall? call))
        {
            calls.Add(part.Index, call = new PartialCall());
        }

        call.Id ??= string.IsNullOrEmpty(part.ToolCallId) ? null : part.ToolCallId;
        call.Name.Append(part.FunctionName);
        if (part.FunctionArgumentsUpdate is { } arguments)
        {
            call.Arguments.Append(arguments);
        }
    }

    // Moonshot reports usage within the last choice.
    private static ChatTokenUsage? UsageOf(StreamingChatCompletionUpdate update) =>
        update.Usage ?? (update.Patch.TryGetJson("$.choices[0].usage"u8, out ReadOnlyMemory<byte> usage)
            ? ModelReaderWriter.Read<ChatTokenUsage>(BinaryData.FromBytes(usage))
            : null);

    private ChatResponseUpdate Update(List<AIContent> contents) => new(ChatRole.Assistant, contents)
    {
        ResponseId = id,
        MessageId = id,
        ModelId = model,
        CreatedAt = createdAt,
    };

    private sealed class PartialCall
    {
        public string? Id { get; set; }

        public StringBuilder Name { get; } = new();

        public StringBuilder Arguments { get; } = new();
    }
}
