using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Models.Rehearsal;

/// <summary>
/// Stands in for a model where no key is set. A short script of rules decides from what the tools really returned; every text
/// says that it is no language model. The same messages yield the same answer, and nothing is kept between calls.
/// </summary>
/// <param name="pause">How long it takes for an answer, so that people can follow; zero for no pause.</param>
/// <param name="time">The clock of the pause.</param>
internal sealed class RehearsalChatClient(TimeSpan pause, TimeProvider time) : IChatClient
{
    public const string ModelId = "rehearsal";

    /// <summary>Begins every text.</summary>
    public const string Label = "[rehearsal model]";

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        cancellationToken.ThrowIfCancellationRequested();
        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }

        var conversation = Conversation.Read(messages, options);
        RehearsalTurn turn = RehearsalScript.Next(conversation);
        List<AIContent> contents = [new TextContent($"{Label} {turn.Text}")];
        contents.AddRange(turn.Calls.Select((call, index) =>
            new FunctionCallContent(conversation.CallId(index), call.Tool, call.Arguments.ToDictionary(
                static argument => argument.Key,
                static object? (argument) => JsonSerializer.SerializeToElement(argument.Value, ModelConventions.Json)))));
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents))
        {
            ModelId = ModelId,
            FinishReason = turn.Calls.Count > 0 ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            // No language model ran, so no token was spent.
            Usage = new UsageDetails { InputTokenCount = 0, OutputTokenCount = 0, TotalTokenCount = 0 },
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatResponse response = await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        foreach (ChatResponseUpdate update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata(ModelId, null, ModelId)
        : serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }
}
