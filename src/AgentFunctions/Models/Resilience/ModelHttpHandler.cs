using System.Net;
using System.Net.Http.Headers;
using Polly;

namespace AgentFunctions.Models.Resilience;

/// <summary>
/// Sends requests to one model through its resilience pipeline. An attempt is over when its response can be used: a plain body
/// has arrived whole, or the first bytes of a stream have.
/// </summary>
internal sealed class ModelHttpHandler(ModelOptions options, ModelGate gate, TimeProvider time) : DelegatingHandler
{
    /// <summary>Marks a response that says that the account is out of credit: to wait does not help.</summary>
    internal const string QuotaHeader = "x-agentfunctions-out-of-quota";

    /// <summary>Says of a request that it wants a stream.</summary>
    internal static readonly HttpRequestOptionsKey<bool> Streaming = new("AgentFunctions.Streaming");

    private const string EventStream = "text/event-stream";

    private readonly ResiliencePipeline<HttpResponseMessage> pipeline = ModelPipeline.Create(options, time);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        return await pipeline.ExecuteAsync(
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
            if (response.IsSuccessStatusCode && MediaType(response.Content.Headers) == EventStream)
            {
                await PeekAsync(response, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await response.Content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
                await InspectAsync(request, response, cancellationToken).ConfigureAwait(false);
            }

            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    // Until its first bytes have come, a stream that breaks can be asked for again.
    private async Task PeekAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var watched = new WatchedStream(body, options.StreamIdleTimeout, time);
        if (!await watched.PeekAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, "The stream ended before its first event.");
        }

        var content = new StreamContent(watched);
        foreach ((string name, IEnumerable<string> values) in response.Content.Headers)
        {
            content.Headers.TryAddWithoutValidation(name, values);
        }

        response.Content = content;
    }

    // What the client above could not tell apart any more is told apart here.
    private static async Task InspectAsync(
        HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        bool streaming = request.Options.TryGetValue(Streaming, out bool asked) && asked;
        if (response.IsSuccessStatusCode && (streaming || MediaType(response.Content.Headers) != "application/json"))
        {
            string body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            if (body.AsSpan().TrimStart().StartsWith('<'))
            {
                throw new AgentException(
                    ErrorCode.ModelProtocolError,
                    $"the endpoint answered with an HTML page ({Excerpt.Of(body)}); check that Endpoint ends with the API's path, such as /v1.");
            }

            if (streaming)
            {
                throw new AgentException(
                    ErrorCode.ModelProtocolError,
                    $"the endpoint answered a streaming request without a stream ({Excerpt.Of(body)}); set Streaming to false.");
            }
        }
        else if (response.StatusCode == HttpStatusCode.TooManyRequests)
        {
            string body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            if (body.Contains("insufficient_quota", StringComparison.Ordinal)
                || body.Contains("exceeded_current_quota", StringComparison.Ordinal))
            {
                response.Headers.TryAddWithoutValidation(QuotaHeader, "true");
            }
        }
    }

    private static string? MediaType(HttpContentHeaders headers) => headers.ContentType?.MediaType?.ToLowerInvariant();
}
