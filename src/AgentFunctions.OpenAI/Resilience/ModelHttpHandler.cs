using System.Net;
using System.Text;
using AgentFunctions.Models.Resilience;
using Microsoft.Extensions.Logging;
using Polly;

namespace AgentFunctions.OpenAI.Resilience;

/// <summary>
/// Sends requests to one model through its resilience pipeline. An attempt is over when its response can be used: a plain body
/// has arrived whole, or the first bytes of a stream have.
/// </summary>
internal sealed class ModelHttpHandler(string model, ModelOptions options, AdaptiveConcurrencyLimiter gate, TimeProvider time,
    ILogger? log = null) : DelegatingHandler
{
    /// <summary>Marks a response that says that the account is out of credit: to wait does not help.</summary>
    internal const string QuotaHeader = "x-agentfunctions-out-of-quota";

    /// <summary>Says of a request that it wants a stream.</summary>
    internal static readonly HttpRequestOptionsKey<bool> Streaming = new("AgentFunctions.Streaming");

    /// <summary>How much of an error's body is read.</summary>
    private const int MaxErrorBytes = 64 * 1024;

    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline = ModelPipeline.Create(model, options, time, log);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        return await _pipeline.ExecuteAsync(
            static async (state, token) => await state.Handler.AttemptAsync(state.Request, token).ConfigureAwait(false),
            (Handler: this, Request: request),
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> AttemptAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.TooManyRequests or (HttpStatusCode)529)
        {
            gate.Refused();
        }

        try
        {
            bool streaming = request.Options.TryGetValue(Streaming, out bool asked) && asked;
            if (!response.IsSuccessStatusCode)
            {
                await KeepBeginningAsync(response, cancellationToken).ConfigureAwait(false);
            }
            else if (streaming)
            {
                await PeekAsync(response, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await LoadAsync(response, cancellationToken).ConfigureAwait(false);
            }

            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the first bytes: until they have come, a stream that breaks can be asked for again.</summary>
    private async Task PeekAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var idle = new CancellationTokenSource(options.StreamIdleTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token);
        byte[] buffer = new byte[4096];
        int count;
        try
        {
            count = await body.ReadAsync(buffer, linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"The stream was silent for {options.StreamIdleTimeout.TotalSeconds:0.#} s (StreamIdleTimeout).");
        }

        if (count == 0)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, "The stream ended before its first event.");
        }

        Replace(response, new StreamContent(new PeekedStream(body, buffer.AsMemory(0, count))));
    }

    private async Task LoadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(options.MaxAnswerBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw BoundedStream.TooLong(options.MaxAnswerBytes);
        }
    }

    /// <summary>Keeps of an error's body what can be words, and tells apart what the client above cannot.</summary>
    private static async Task KeepBeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        byte[] buffer = new byte[MaxErrorBytes];
        int length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        Replace(response, new ByteArrayContent(buffer, 0, length));
        if (response.StatusCode == HttpStatusCode.TooManyRequests)
        {
            string words = Encoding.UTF8.GetString(buffer, 0, length);
            if (words.Contains("insufficient_quota", StringComparison.Ordinal)
                || words.Contains("exceeded_current_quota", StringComparison.Ordinal))
            {
                response.Headers.TryAddWithoutValidation(QuotaHeader, "true");
            }
        }
    }

    private static void Replace(HttpResponseMessage response, HttpContent content)
    {
        foreach ((string name, IEnumerable<string> values) in response.Content.Headers)
        {
            if (!string.Equals(name, "Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                content.Headers.TryAddWithoutValidation(name, values);
            }
        }

        response.Content = content;
    }
}
