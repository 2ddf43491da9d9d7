using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Sockets;
using System.Text.Json;
using AgentFunctions.Models;
using AgentFunctions.OpenAI.Resilience;
using Azure;
using Azure.Identity;
using Microsoft.Identity.Client;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace AgentFunctions.OpenAI;

/// <summary>Says of each way in which a call can fail what it means and what would mend it.</summary>
internal sealed class ModelErrors(ModelIdentity identity, TimeProvider time)
{
    /// <summary>What mends a page in place of an answer.</summary>
    public const string PathRemedy = "check that Endpoint ends with the API's path, such as /v1";

    private const string PassesRemedy = "the endpoint has answered before, so this may pass; retry later";

    private volatile bool _hasAnswered;

    /// <summary>
    /// Gets or sets whether the endpoint has answered in this process. Then a page in its place is a proxy's, which passes, and
    /// no sign of a wrong address.
    /// </summary>
    public bool HasAnswered
    {
        get => _hasAnswered;
        set => _hasAnswered = value;
    }

    /// <summary>Translates a failure of a call.</summary>
    /// <param name="error">What was thrown.</param>
    /// <param name="broken">What a broken connection means at this moment.</param>
    public AgentException Translate(Exception error, ErrorCode broken) => error switch
    {
        AgentException own => new(own.Code, $"{identity}: {own.Message}", own.InnerException) { RetryAfter = own.RetryAfter },
        ErrorInAnswerException inAnswer => FromAnswer(ProviderError.Parse(inAnswer.Json), inAnswer),
        NoAnswerException other => NoAnswer(other),
        ClientResultException { Status: > 0 } answer => FromResponse(answer),
        IOException or HttpRequestException when error.InnerException is AgentException inner => Translate(inner, broken),
        AuthenticationFailedException away when IsOutage(away, HasAnswered || away is not CredentialUnavailableException) => new(
            ErrorCode.ModelUnavailable,
            $"{identity}: could not reach Entra, or the host's identity, for a token: {Excerpt.Of(away.Message)} Retry later.",
            away),
        AuthenticationFailedException refused => new(
            ErrorCode.ModelUnauthorized,
            $"{identity}: could not sign in through Entra: {Excerpt.Of(refused.Message)} Sign in with 'az login', give the host a managed "
            + "identity, or set the key.",
            refused),
        BrokenCircuitException circuit => new(
            ErrorCode.ModelUnavailable,
            $"{identity}: the endpoint failed repeatedly, so no call is made for the moment; retry later.",
            circuit)
        {
            RetryAfter = circuit.RetryAfter,
        },
        TimeoutRejectedException timeout => new(
            ErrorCode.ModelUnavailable,
            $"{identity}: no answer within AttemptTimeout ({timeout.Timeout.TotalSeconds:0.#} s); retry later or raise it.",
            timeout),
        JsonException or FormatException or ArgumentException or InvalidOperationException or KeyNotFoundException => new(
            ErrorCode.ModelProtocolError,
            $"{identity}: the answer is not of OpenAI's chat protocol: {Excerpt.Of(error.Message, identity.Key)} Check Endpoint.",
            error),
        _ => new(
            broken,
            broken == ErrorCode.ModelStreamTruncated
                ? $"{identity}: the stream broke off: {Excerpt.Of(error.Message, identity.Key)}"
                : $"{identity}: cannot reach the endpoint: {Excerpt.Of(error.Message, identity.Key)} Check Endpoint and the network.",
            error),
    };

    /// <summary>A stream that ended early without a sign of an error.</summary>
    public AgentException Truncated() =>
        new(ErrorCode.ModelStreamTruncated, $"{identity}: the stream ended before the answer was whole.");

    /// <summary>Gets what the provider said with a status that is no success.</summary>
    /// <param name="error">The error of the OpenAI package.</param>
    public static ProviderError Said(ClientResultException error) =>
        ProviderError.Parse(error.GetRawResponse()?.Content?.ToString() ?? "");

    /// <summary>
    /// An error with status 200 counts by the status that it gives itself; one without is the provider's own failure.
    /// </summary>
    private AgentException FromAnswer(ProviderError said, Exception cause) => FromStatus(said.Status ?? 200, said, null, cause);

    private AgentException NoAnswer(NoAnswerException error) => new(
        HasAnswered ? ErrorCode.ModelUnavailable : ErrorCode.ModelProtocolError,
        $"{identity}: the endpoint answered with {error.Message}; {(HasAnswered ? PassesRemedy : error.Remedy)}.",
        error);

    /// <summary>
    /// Whether a token could not be had for now: the package makes one error of all failures, whether nobody was there to ask or
    /// the sign-in was refused.
    /// </summary>
    /// <param name="error">The error, or a cause of it.</param>
    /// <param name="wasReachable">
    /// Whether there is somebody to ask. A machine without any identity looks as one whose network is away.
    /// </param>
    private static bool IsOutage(Exception? error, bool wasReachable) => error switch
    {
        null => false,
        AggregateException many => many.InnerExceptions.Any(inner => IsOutage(inner, wasReachable)),
        RequestFailedException { Status: > 0 } answer => answer.Status is 408 or 429 or >= 500,
        MsalException { IsRetryable: true } => true,
        HttpRequestException or IOException or SocketException or TimeoutException or OperationCanceledException
            or RequestFailedException => wasReachable,
        _ => IsOutage(error.InnerException, wasReachable),
    };

    private AgentException FromResponse(ClientResultException error)
    {
        PipelineResponse? response = error.GetRawResponse();
        TimeSpan? retryAfter = response is null
            ? null
            : RetryAfter.Read(name => response.Headers.TryGetValue(name, out string? value) ? value : null, time.GetUtcNow());
        return FromStatus(error.Status, Said(error), retryAfter, error);
    }

    private AgentException FromStatus(int status, ProviderError said, TimeSpan? retryAfter, Exception cause)
    {
        string words = said.IsHtml ? "an HTML page" : $"\"{Excerpt.Of(said.Message, identity.Key)}\"";
        (ErrorCode code, string remedy) = (status, said) switch
        {
            (413, _) => (ErrorCode.ModelContextExceeded, "shorten the conversation"),
            (not 429, { IsHtml: true }) or ( >= 300 and < 400, _) when HasAnswered => (ErrorCode.ModelUnavailable, PassesRemedy),
            (401 or 403, _) => (ErrorCode.ModelUnauthorized, "check Key, and that it may use this model"),
            (_, { IsContentFilter: true }) =>
                (ErrorCode.ModelContentFiltered, "the provider's content filter refused the request"),
            (not 429, { IsContextExceeded: true }) or (_, { IsTooLarge: true }) =>
                (ErrorCode.ModelContextExceeded, "shorten the conversation"),
            (402, _) or (_, { IsOutOfQuota: true }) =>
                (ErrorCode.ModelRequestRejected, "the account is out of credit; see its billing page"),
            (404, { IsHtml: true }) => (ErrorCode.ModelProtocolError, PathRemedy),
            (404, _) or (_, { IsModelUnknown: true }) => (ErrorCode.ModelNotFound, "check Model and Endpoint"),
            (429, _) or (_, { IsRateLimit: true }) => (ErrorCode.ModelRateLimited, "retry later"),
            (408 or >= 500, _) => (ErrorCode.ModelUnavailable, "the provider failed; retry later"),
            ( >= 300 and < 400, _) =>
                (ErrorCode.ModelProtocolError, "the endpoint redirects elsewhere; set Endpoint to the address itself"),
            (200, _) => (ErrorCode.ModelUnavailable, "the provider failed while it answered; retry later"),
            _ => (ErrorCode.ModelRequestRejected, "the provider refused the request"),
        };
        var error = new AgentException(code, $"{identity}: status {status}, {words}; {remedy}.", cause)
        {
            RetryAfter = retryAfter,
        };
        if (code == ErrorCode.ModelRequestRejected && (status == 402 || said.IsOutOfQuota))
        {
            error.Data[ModelTroubles.OutOfCredit] = true;
        }

        if (code == ErrorCode.ModelRequestRejected && status is 400 or 422)
        {
            error.Data[ModelConventions.UnknownRefusal] = true;
        }

        return error;
    }
}
