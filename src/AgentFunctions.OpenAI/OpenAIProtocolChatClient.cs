using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using AgentFunctions.Models;
using AgentFunctions.OpenAI.Wire;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace AgentFunctions.OpenAI;

/// <summary>
/// Calls a model that speaks OpenAI's chat completions, with whatever accent. Requests and answers are written and read here; the
/// OpenAI package signs in and sends. Every failure is an <see cref="AgentException"/>.
/// </summary>
internal sealed partial class OpenAIProtocolChatClient : IChatClient
{
    private readonly ModelErrors _errors;
    private readonly ChatClientMetadata _metadata;
    private readonly RequestWriter _writer;
    private readonly ChatClient _client;
    private readonly AnswerLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger? _log;
    private readonly ModelIdentity _identity;
    private readonly string _sender;

    /// <summary>What this process has learned of the endpoint; every request may learn more.</summary>
    private volatile RequestForm _form;

    public OpenAIProtocolChatClient(
        ModelIdentity identity, ModelProfile profile, RequestForm form, AnswerLimits limits, ChatClient client, TimeProvider time,
        ILogger? log)
    {
        (_identity, _form, _limits, _client, _time, _log) = (identity, form, limits, client, time, log);
        _sender = $"{identity.ModelId}@{identity.Address.Host}";
        _errors = new(identity, time);
        _metadata = new(profile.Provider, identity.Address, identity.ModelId);
        _writer = new(profile, identity.ModelId, _sender);
    }

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in AskAsync(messages, options, streaming: false, cancellationToken)
            .ConfigureAwait(false))
        {
            updates.Add(update);
        }

        return updates.ToChatResponse();
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync(messages, options, streaming: true, cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType == typeof(ChatClient) ? _client
        : serviceType.IsInstanceOfType(this) ? this : null;

    // The HTTP client belongs to the factory.
    public void Dispose()
    {
    }

    private async IAsyncEnumerable<ChatResponseUpdate> AskAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, bool streaming,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = new WireAnswer(_sender);
        AnswerReader reader = await OpenAsync(messages, options, streaming, answer, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable disposal = reader.ConfigureAwait(false);
        while (await NextAsync(reader, answer, options, cancellationToken).ConfigureAwait(false) is { } contents)
        {
            if (contents.Count > 0)
            {
                yield return answer.Update(contents);
            }

            foreach (CallPiece piece in streaming ? answer.TakePieces() : [])
            {
                ChatResponseUpdate update = answer.Update([]);
                update.RawRepresentation = piece;
                yield return update;
            }
        }

        if (!answer.IsFinished)
        {
            throw _errors.Truncated();
        }

        _errors.HasAnswered = true;
        yield return answer.Rest();
    }

    private async Task<AnswerReader> OpenAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, bool streaming, WireAnswer answer,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<ChatMessage> conversation = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        while (true)
        {
            RequestForm used = _form;
            try
            {
                WrittenRequest request = _writer.Write(conversation, options, streaming, used);
                PipelineResponse response = await SendAsync(request, used, options, streaming, cancellationToken)
                    .ConfigureAwait(false);
                return new AnswerReader(response.ContentStream ?? response.Content.ToStream(), answer, _limits, _time,
                    cancellationToken);
            }
            catch (LearnedException)
            {
                // Asked again in the way that the endpoint takes.
            }
            catch (ClientResultException refusal) when (refusal.Status == 400 && ModelErrors.Said(refusal).IsAnswerCut)
            {
                answer.Cut(RequestWriter.MaxTokens(options, used));
                return new AnswerReader(Stream.Null, answer, _limits, _time, cancellationToken);
            }
            catch (Exception error) when (!IsCancellation(error, cancellationToken))
            {
                throw _errors.Translate(error, ErrorCode.ModelUnavailable);
            }
        }
    }

    private async Task<PipelineResponse> SendAsync(
        WrittenRequest request, RequestForm used, ChatOptions? options, bool streaming, CancellationToken cancellationToken)
    {
        try
        {
            using BinaryContent content = BinaryContent.Create(new BinaryData(request.Body));
            ClientResult result = await _client
                .CompleteChatAsync(content,
                    new RequestOptions { CancellationToken = cancellationToken, BufferResponse = !streaming })
                    .ConfigureAwait(false);
            return result.GetRawResponse();
        }
        catch (ClientResultException refusal) when (refusal.Status is 400 or 422
            && used.After(ModelErrors.Said(refusal), request.Fields.Contains,
                RequestWriter.MaxTokens(options, used)) is { } learned)
        {
            _form = learned;
            if (_log is not null)
            {
                LogLearned(_log, _identity.Name, learned.Learned);
            }

            throw new LearnedException();
        }
    }

    private async Task<List<AIContent>?> NextAsync(
        AnswerReader reader, WireAnswer answer, ChatOptions? options, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync().ConfigureAwait(false);
        }
        catch (ErrorInAnswerException error) when (ProviderError.Parse(error.Json).IsAnswerCut)
        {
            answer.Cut(RequestWriter.MaxTokens(options, _form));
            return null;
        }
        catch (Exception error) when (!IsCancellation(error, cancellationToken))
        {
            throw _errors.Translate(error, answer.HasBegun ? ErrorCode.ModelStreamTruncated : ErrorCode.ModelUnavailable);
        }
    }

    private static bool IsCancellation(Exception error, CancellationToken cancellationToken) =>
        error is OperationCanceledException && cancellationToken.IsCancellationRequested;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Model '{Model}': the endpoint refused a field of the request; from now on it is asked {Form}.")]
    private static partial void LogLearned(ILogger log, string model, string form);

    /// <summary>The endpoint's refusal said how it wants to be asked. Never leaves the client.</summary>
    private sealed class LearnedException : Exception;
}
