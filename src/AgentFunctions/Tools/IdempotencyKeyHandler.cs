using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools;

/// <summary>
/// Gives every request of one tool call a key of its own that is the same when the call is repeated, and the run's token where
/// the configuration names the server.
/// </summary>
internal sealed class IdempotencyKeyHandler(ToolContext context, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>The name of the HTTP client whose handlers serve the requests of tools.</summary>
    public const string HttpClientName = "AgentFunctions.Tools";

    /// <summary>
    /// The longest answer that is read into memory at once, in bytes; a tool that reads a stream bounds it itself.
    /// </summary>
    private const long AnswerLimit = 64L << 20;

    private const string Header = "Idempotency-Key";

    private int _requests = -1;

    /// <summary>Makes the client of a call.</summary>
    public static HttpClient ClientFor(ToolContext context)
    {
        HttpMessageHandler shared = context.Services.GetRequiredService<IHttpMessageHandlerFactory>()
            .CreateHandler(HttpClientName);
        // The shared handler is the factory's to dispose of.
        return new HttpClient(new IdempotencyKeyHandler(context, shared), disposeHandler: false)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = AnswerLimit,
        };
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        int number = Interlocked.Increment(ref _requests);
        if (!request.Headers.Contains(Header))
        {
            request.Headers.Add(Header, string.Create(CultureInfo.InvariantCulture, $"{context.IdempotencyKey}/{number}"));
        }

        if (context.Services.GetService<IRequestSigner>() is { } signer)
        {
            await signer.SignAsync(request, context, cancellationToken).ConfigureAwait(false);
        }

        return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }
}
