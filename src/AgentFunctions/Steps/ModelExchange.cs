using AgentFunctions.Diagnostics;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Live;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Steps;

/// <summary>
/// Exchanges one request and its answer with a model: streamed where the model streams, shown to whoever follows, traced, and
/// made one message of.
/// </summary>
internal sealed class ModelExchange(MessageView view, LivePublisher publisher, IOptions<TelemetryOptions> telemetry,
    TimeProvider time)
{
    /// <summary>The most that an answer of any client may hold in memory, in bytes.</summary>
    private const long MaxAnswerBytes = 256L * 1024 * 1024;

    /// <summary>What a piece of an answer takes beyond its text, in bytes.</summary>
    private const int UpdateFrame = 200;

    /// <summary>Makes a call.</summary>
    /// <param name="call">Which call it is.</param>
    /// <param name="model">The model.</param>
    /// <param name="messages">What it is to be shown; its secrets are masked here.</param>
    /// <param name="options">How it is to answer.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the model may have been called.</param>
    /// <exception cref="AgentException">What the model's client reports.</exception>
    public async Task<ChatResponse> MakeAsync(
        ModelCall call, ModelBinding model, IEnumerable<ChatMessage> messages, ChatOptions options,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<ChatMessage> shown = view.Of(messages);
        ChatOptions used = view.Of(options);
        using ModelSpan span = ModelSpan.Start(call.Run, model, call.Number, call.Turn);
        long start = time.GetTimestamp();
        try
        {
            ChatResponse response = await ShownAsync(call, model, shown, used, cancellationToken).ConfigureAwait(false);
            span.Completed(response, ModelCaller.UsageOf(response, shown, used, model.Profile), time.GetElapsedTime(start));
            if (span.IsRecorded && telemetry.Value.MessageContent)
            {
                span.Say(shown, view.Of(response.Messages));
            }

            return response;
        }
        catch (Exception e)
        {
            span.Failed(e, time.GetElapsedTime(start));
            throw;
        }
    }

    private async Task<ChatResponse> ShownAsync(
        ModelCall call, ModelBinding model, IEnumerable<ChatMessage> messages, ChatOptions options,
        CancellationToken cancellationToken)
    {
        ModelCallContext.Current = new ModelCallContext
        {
            RunId = call.RunId,
            Call = call.Number,
            Turn = call.Turn,
            InboxFrom = call.InboxFrom,
            InboxTo = call.InboxTo,
        };
        LiveText? live = call.Turn is { } turn ? publisher.Begin(call.RunId, turn, model.Name) : null;
        var how = LiveEnd.CutOff;
        try
        {
            ChatResponse response = await CallAsync(model, messages, options, live, cancellationToken).ConfigureAwait(false);
            how = LiveEnd.Completed;
            return response;
        }
        finally
        {
            live?.End(how);
            if (live?.Shown is { } delivery)
            {
                call.Shown?.Invoke(delivery);
            }
        }
    }

    private static async Task<ChatResponse> CallAsync(
        ModelBinding model, IEnumerable<ChatMessage> messages, ChatOptions options, LiveText? live,
        CancellationToken cancellationToken)
    {
        if (!model.Profile.Streaming)
        {
            return SendableAnswer.Of(await model.Client.GetResponseAsync(messages, options, cancellationToken)
                .ConfigureAwait(false));
        }

        var updates = new List<ChatResponseUpdate>();
        long bytes = 0;
        await foreach (ChatResponseUpdate update in model.Client
            .GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            // A client of the host's own may have no bound.
            bytes += UpdateFrame + update.Contents.Sum(static content => content switch
            {
                TextContent text => (long)text.Text.Length,
                TextReasoningContent reasoning => reasoning.Text.Length,
                _ => 0,
            });
            if (bytes > MaxAnswerBytes)
            {
                throw new AgentException(
                    ErrorCode.ModelProtocolError,
                    $"model '{model.Name}': the answer is longer than {MaxAnswerBytes} bytes and was not read to its end.");
            }

            live?.Add(update);
            if (update.RawRepresentation is not CallPiece)
            {
                updates.Add(update);
            }
        }

        return SendableAnswer.Of(updates.ToChatResponse());
    }
}
