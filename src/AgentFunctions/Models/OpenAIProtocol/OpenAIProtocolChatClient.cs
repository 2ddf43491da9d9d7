using System.ClientModel;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace AgentFunctions.Models.OpenAIProtocol;

/// <summary>Calls a model that speaks OpenAI's chat completions. Every failure is an <see cref="AgentException"/>.</summary>
internal sealed class OpenAIProtocolChatClient(ModelIdentity identity, ModelProfile profile, ChatClient client, TimeProvider time)
    : IChatClient
{
    private readonly ModelErrors errors = new(identity, time);
    private readonly ChatClientMetadata metadata = new(profile.Provider, identity.Address, identity.ModelId);

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<OpenAI.Chat.ChatMessage> request = MessageMapping.ToOpenAI(messages, options, profile);
        try
        {
            ClientResult<ChatCompletion> result = await client
                .CompleteChatAsync(request, OptionsMapping.ToOpenAI(options, profile), cancellationToken).ConfigureAwait(false);
            return CompletionMapping.FromOpenAI(result.Value);
        }
        catch (Exception error) when (!IsCancellation(error, cancellationToken))
        {
            throw errors.Translate(error, ErrorCode.ModelUnavailable);
        }
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<OpenAI.Chat.ChatMessage> request = MessageMapping.ToOpenAI(messages, options, profile);
        IAsyncEnumerator<StreamingChatCompletionUpdate> updates = client
            .CompleteChatStreamingAsync(request, OptionsMapping.ToOpenAI(options, profile), cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        await using ConfiguredAsyncDisposable disposal = updates.ConfigureAwait(false);
        var answer = new StreamedAnswer();
        while (true)
        {
            ChatResponseUpdate? update;
            try
            {
                if (!await updates.MoveNextAsync().ConfigureAwait(false))
                {
                    break;
                }

                update = answer.Add(updates.Current);
            }
            catch (Exception error) when (!IsCancellation(error, cancellationToken))
            {
                throw errors.Translate(error, answer.HasBegun ? ErrorCode.ModelStreamTruncated : ErrorCode.ModelUnavailable);
            }

            if (update is not null)
            {
                yield return update;
            }
        }

        if (!answer.IsFinished)
        {
            throw errors.Truncated();
        }

        yield return answer.Rest();
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? metadata
        : serviceType == typeof(ChatClient) ? client
        : serviceType.IsInstanceOfType(this) ? this : null;

    // The HTTP client belongs to the factory.
    public void Dispose()
    {
    }

    private static bool IsCancellation(Exception error, CancellationToken cancellationToken) =>
        error is OperationCanceledException && cancellationToken.IsCancellationRequested;
}
