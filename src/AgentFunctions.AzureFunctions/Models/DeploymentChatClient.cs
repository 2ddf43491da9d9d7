#if AZURE_OPENAI
using System.ClientModel;
using Azure.AI.OpenAI.Chat;
using OpenAI.Chat;

namespace AgentFunctions.AzureFunctions.Models;

/// <summary>
/// A deployment's client that bounds answers by <c>max_completion_tokens</c>: the package sends <c>max_tokens</c> unless it is
/// told otherwise, and models that think first refuse that.
/// </summary>
internal sealed class DeploymentChatClient(ChatClient inner) : ChatClient
{
    public override Task<ClientResult<ChatCompletion>> CompleteChatAsync(
        IEnumerable<ChatMessage> messages, ChatCompletionOptions? options = null, CancellationToken cancellationToken = default) =>
        inner.CompleteChatAsync(messages, Bounded(options), cancellationToken);

    public override AsyncCollectionResult<StreamingChatCompletionUpdate> CompleteChatStreamingAsync(
        IEnumerable<ChatMessage> messages, ChatCompletionOptions? options = null, CancellationToken cancellationToken = default) =>
        inner.CompleteChatStreamingAsync(messages, Bounded(options), cancellationToken);

    private static ChatCompletionOptions Bounded(ChatCompletionOptions? options)
    {
        options ??= new ChatCompletionOptions();
#pragma warning disable AOAI001 // For evaluation only; the alternative is to write the request by hand.
        options.SetNewMaxCompletionTokensPropertyEnabled(true);
#pragma warning restore AOAI001
        return options;
    }
}
#endif
