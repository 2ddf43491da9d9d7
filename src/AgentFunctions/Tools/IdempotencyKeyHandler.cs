using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools;

/// <summary>Gives every request of one tool call a key of its own that is the same when the call is repeated.</summary>
internal sealed class IdempotencyKeyHandler(string callKey, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>The name of the HTTP client whose handlers serve the requests of tools.</summary>
    public const string HttpClientName = "AgentFunctions.Tools";

    /// <summary>The longest answer that is read into memory at once, in bytes; a tool that reads a stream bounds it itself.</summary>
    private const long AnswerLimit = 64L << 20;

    private const string Header = "Idempotency-Key";

    private int _requests = -1;

    /// <summary>Makes the client of a call.</summary>
    public static HttpClient ClientFor(ToolContext context)
    {
        HttpMessageHandler shared = context.Services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(HttpClientName);
        // The shared handler is the factory's to dispose of.
        return new HttpClient(new IdempotencyKeyHandler(context.IdempotencyKey, shared), disposeHandler: false)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = AnswerLimit,
        };
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        int number = Interlocked.Increment(ref _requests);
        if (!request.Headers.Contains(Header))
        {
            request.Headers.Add(Header, string.Create(CultureInfo.InvariantCulture, $"{callKey}/{number}"));
        }

        return base.SendAsync(request, cancellationToken);
    }
}
