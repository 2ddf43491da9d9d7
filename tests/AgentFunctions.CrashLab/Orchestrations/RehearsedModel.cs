using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace AgentFunctions.CrashLab.Orchestrations;

/// <summary>The model of an agent that only decides who does the work.</summary>
/// <param name="answer">What it answers.</param>
internal sealed class RehearsedModel(Func<IReadOnlyList<ChatMessage>, ChatOptions?, ChatMessage> answer) : IChatClient
{
    private const string Refunded = "The order is refunded.";

    /// <summary>Hands off to whom it can, once.</summary>
    public static RehearsedModel HandsOff() => new(static (messages, options) =>
        messages.Any(static message => message.Role == ChatRole.Tool) || options?.Tools is not [{ Name: var next }, ..]
            ? new ChatMessage(ChatRole.Assistant, "It is in hand.")
            : new ChatMessage(ChatRole.Assistant,
                [new FunctionCallContent("handoff", next,
                    new Dictionary<string, object?> { ["reasonForHandoff"] = "It is a refund." })]));

    /// <summary>Manages: gives the work to the agent that refunds, and is content once the order is refunded.</summary>
    public static RehearsedModel Manages() => new(static (messages, _) => new ChatMessage(
        ChatRole.Assistant,
        messages[^1].Text.Contains("is_request_satisfied", StringComparison.Ordinal)
            ? LedgerOf(messages.Any(static message => message.Text.Contains(Refunded, StringComparison.Ordinal)))
            : "All is in the books."));

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(new ChatResponse(answer([.. messages], options)));

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options,
            cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }

    private static string LedgerOf(bool isDone) => $$"""
        {
          "is_request_satisfied": { "reason": "The books say so.", "answer": {{(isDone ? "true" : "false")}} },
          "is_in_loop": { "reason": "No.", "answer": false },
          "is_progress_being_made": { "reason": "Yes.", "answer": true },
          "next_speaker": { "reason": "It refunds.", "answer": "refunds" },
          "instruction_or_question": { "reason": "It is the task.", "answer": "Refund order 4711." }
        }
        """;
}
