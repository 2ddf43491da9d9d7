using AgentFunctions.Budgets;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Activities;

/// <summary>Calls a model once, streamed where the model streams, and makes one message of its answer.</summary>
internal sealed class ModelCaller
{
    public async Task<ChatResponse> CallAsync(
        ModelBinding model, IEnumerable<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        if (!model.Profile.Streaming)
        {
            return await model.Client.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        }

        var updates = new List<ChatResponseUpdate>();
        await foreach (ChatResponseUpdate update in model.Client
            .GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            updates.Add(update);
        }

        return updates.ToChatResponse();
    }

    /// <summary>One message out of the answer; providers send one, but the port allows several.</summary>
    public static ChatMessage Merge(ChatResponse response) => new(
        ChatRole.Assistant,
        [.. response.Messages.SelectMany(message => message.Contents).Where(content => content is not UsageContent)]);

    public static TokenUsage UsageOf(ChatResponse response, ModelPrice? price)
    {
        long input = response.Usage?.InputTokenCount ?? 0;
        long output = response.Usage?.OutputTokenCount ?? 0;
        long cached = response.Usage?.CachedInputTokenCount ?? 0;
        return new TokenUsage(input, output, cached, price?.Of(input, output, cached) ?? 0);
    }
}
