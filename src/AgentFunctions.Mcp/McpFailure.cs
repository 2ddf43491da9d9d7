using System.Net;
using ModelContextProtocol;
using ModelContextProtocol.Client;

namespace AgentFunctions.Mcp;

/// <summary>What a failed call means for its effect.</summary>
internal enum McpFailure
{
    /// <summary>The server said no: it is alive, and nothing is open.</summary>
    Answered,

    /// <summary>The call did not reach the server, or the server turned it away unread: it may be made again.</summary>
    NotMade,

    /// <summary>The call was sent and the server is gone: nobody can say.</summary>
    Lost,
}

/// <summary>Tells from an exception what it means for the call's effect. In doubt the call counts as lost.</summary>
internal static class McpFailures
{
    private static readonly TimeSpan PingTime = TimeSpan.FromSeconds(10);

    public static async Task<McpFailure> ClassifyAsync(
        Exception failure, McpSession session, TimeProvider time, CancellationToken cancellationToken)
    {
        switch (failure)
        {
            case McpProtocolException or HttpRequestException { StatusCode: HttpStatusCode.BadRequest }:
                // A protocol without sessions refuses none, and its servers may know no ping.
                return session.IsOlderProtocol
                    && await IsSessionRefusedAsync(failure, session, time, cancellationToken).ConfigureAwait(false)
                    ? McpFailure.NotMade
                    : McpFailure.Answered;
            case HttpRequestException { StatusCode: HttpStatusCode.NotFound }:
                return McpFailure.NotMade;
            case HttpRequestException { StatusCode: HttpStatusCode.RequestTimeout }:
                return McpFailure.Lost;
            case HttpRequestException { StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError }:
            case HttpRequestException when McpRefusalException.CodeIn(failure) is not null:
                return McpFailure.Answered;
            case HttpRequestException
            {
                StatusCode: null,
                HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError,
            }:
                return McpFailure.NotMade;
            case InvalidOperationException when session.IsAlive:
                // The client could not do what the server answered, a question to a person for one. The server is well. An
                // McpException says less: it is also what comes of a stream that broke off before the answer.
                return await AnswersAsync(session, time, cancellationToken).ConfigureAwait(false)
                    ? McpFailure.Answered
                    : McpFailure.Lost;
            default:
                return McpFailure.Lost;
        }
    }

    private static async Task<bool> AnswersAsync(McpSession session, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await session.PingAsync(cancellationToken).WaitAsync(PingTime, time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is McpException or HttpRequestException or IOException or InvalidOperationException
            or TimeoutException)
        {
            // A server that does not know 'ping' answers as well.
            return e is McpProtocolException;
        }
    }

    /// <summary>
    /// A server that was restarted does not know the session any more, and some say so with an error like any other. It
    /// says the same to whatever is asked, so a ping tells the two apart.
    /// </summary>
    private static async Task<bool> IsSessionRefusedAsync(
        Exception failure, McpSession session, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await session.PingAsync(cancellationToken).WaitAsync(PingTime, time, cancellationToken).ConfigureAwait(false);
            return false;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (McpProtocolException e)
        {
            return failure is McpProtocolException known && known.ErrorCode == e.ErrorCode && known.Message == e.Message;
        }
        catch (HttpRequestException e)
        {
            return failure is not HttpRequestException known || known.StatusCode == e.StatusCode || e.StatusCode is null;
        }
    }

    /// <summary>Says what went wrong, down to its cause.</summary>
    /// <param name="failure">The failure.</param>
    public static string Describe(Exception failure) => failure is AgentException || failure.InnerException is null
        ? failure.Message
        : $"{failure.Message.TrimEnd('.')}: {Describe(failure.InnerException)}";

    /// <summary>Says why a connection has ended.</summary>
    /// <param name="details">What is known of its end.</param>
    public static string Describe(ClientCompletionDetails details) => details switch
    {
        HttpClientCompletionDetails { HttpStatusCode: { } status } => $"HTTP {(int)status}",
        { Exception: { } cause } => cause.Message,
        _ => "the connection was closed",
    };
}
