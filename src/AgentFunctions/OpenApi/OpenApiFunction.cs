using System.Net;
using System.Text.Json;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.OpenApi;

/// <summary>One operation of an API as a function of the Microsoft.Extensions.AI ecosystem.</summary>
internal sealed class OpenApiFunction(OpenApiOperation operation, OpenApiOptions options, VariableText variables,
    IHttpClientFactory http) : AIFunction
{
    /// <summary>The header that carries <c>run/turn/call</c>, the same when the call is repeated.</summary>
    private const string IdempotencyHeader = "Idempotency-Key";

    private const int MaxRedirects = 5;

    public override string Name { get; } = ToolNames.Sanitise($"{options.Name}__{operation.Id}");

    public override string Description => operation.Description;

    public override JsonElement JsonSchema => operation.Schema;

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments,
        CancellationToken cancellationToken)
    {
        var context = (ToolContext)arguments.Context![typeof(ToolContext)]!;
        Dictionary<string, JsonElement> sent = SentArguments.Check(this, arguments);
        IReadOnlyDictionary<string, OpenApiFile> files =
            await OpenApiFiles.ReadAsync(operation.Body, sent, context, options.UploadLimit, cancellationToken)
                .ConfigureAwait(false);
        using HttpClient client = http.CreateClient(options.HttpClientName);
        try
        {
            (HttpResponseMessage answer, bool isOpen) = await SendAsync(client, sent, files, context, cancellationToken)
                .ConfigureAwait(false);
            using HttpResponseMessage response = answer;
            string text = await OpenApiResponse.ToTextAsync(response, options.ResponseLimit, context, cancellationToken)
                .ConfigureAwait(false);
            string status = $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
            string told = text.Length == 0 ? status : $"{status}: {text}";
            return response.IsSuccessStatusCode ? text.Length == 0 ? status : text
                : isOpen || (operation.Effect != ToolEffect.None && LeavesOpen(response.StatusCode))
                    ? throw new AgentException(
                        ErrorCode.ToolOutcomeUnknown,
                        $"The API '{options.Name}' does not say whether the call has taken effect: {told}")
                : throw new AgentException(ErrorCode.ToolFailed, told);
        }
        catch (HttpRequestException e) when (e.InnerException is AgentException { Code: ErrorCode.NotAllowed } refusal)
        {
            throw refusal;
        }
        catch (HttpRequestException e) when (
            e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError)
        {
            throw new AgentException(
                ErrorCode.ToolUnavailable,
                $"The API '{options.Name}' cannot be reached: {e.Message} The call was not made; try again later or go on without it.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            throw new AgentException(
                ErrorCode.ToolOutcomeUnknown,
                $"The API '{options.Name}' was lost during the call, which may or may not have taken effect: {e.Message}", e);
        }
    }

    /// <summary>
    /// Determines whether a call may have taken effect though it failed: a gateway gives up while the server behind it goes on,
    /// and a server may fail after it has done its work.
    /// </summary>
    private static bool LeavesOpen(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout
        or (>= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented);

    /// <summary>
    /// Makes the call. Also says whether it may have taken effect whatever the answer is: a server that has done what was asked
    /// may send the caller on to look at it.
    /// </summary>
    private async Task<(HttpResponseMessage Response, bool IsOpen)> SendAsync(
        HttpClient client, IReadOnlyDictionary<string, JsonElement> arguments, IReadOnlyDictionary<string, OpenApiFile> files,
        ToolContext context,
        CancellationToken cancellationToken)
    {
        bool isOpen = false;
        HttpRequestMessage request = OpenApiRequest.Create(operation, arguments, files);
        string? token = options.Identity is not { } identity ? null : await context.Services.GetRequiredService<RunTokens>()
            .MintAsync(context, identity.AudienceOf(operation.BaseUrl), identity.Scopes, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<(string Name, string Value)> headers = await HeadersAsync(context, token, cancellationToken)
            .ConfigureAwait(false);
        for (int redirects = 0; ; redirects++)
        {
            HttpResponseMessage response;
            using (request)
            {
                foreach ((string name, string value) in headers)
                {
                    request.Headers.Remove(name);
                    request.Headers.TryAddWithoutValidation(name, value);
                }

                try
                {
                    response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                        .ConfigureAwait(false);
                }
                catch (HttpRequestException e) when (isOpen)
                {
                    throw new IOException($"It answered with a redirect, and {request.RequestUri} cannot be read: {e.Message}", e);
                }
            }

            // A client of the host's own may have followed a redirect by itself.
            Uri answered = response.RequestMessage?.RequestUri ?? operation.BaseUrl;
            if (!IsOwn(answered))
            {
                throw Elsewhere(response, answered, operation.Effect != ToolEffect.None);
            }

            if (response.Headers.Location is not { } location || !IsRedirect(response.StatusCode))
            {
                return (response, isOpen);
            }

            bool keepsMethod = response.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
            isOpen |= !keepsMethod && operation.Effect != ToolEffect.None;
            Uri next = new(answered, location);
            if (!IsOwn(next) || redirects == MaxRedirects)
            {
                throw Elsewhere(response, next, isOpen);
            }

            request = OpenApiRequest.Create(operation, arguments, files);
            request.RequestUri = next;
            if (!keepsMethod && request.Method != HttpMethod.Head)
            {
                request.Method = HttpMethod.Get;
                request.Content = null;
            }

            response.Dispose();
        }
    }

    /// <summary>The host's own headers, which stand over whatever the model put there.</summary>
    private async Task<IReadOnlyList<(string Name, string Value)>> HeadersAsync(ToolContext context, string? token,
        CancellationToken cancellationToken)
    {
        var headers = new List<(string, string)> { (IdempotencyHeader, context.IdempotencyKey) };
        if (token is not null)
        {
            headers.Add(("Authorization", $"Bearer {token}"));
        }

        foreach ((string name, string value) in options.Headers)
        {
            headers.Add((name, await variables.ExpandAsync(value, $"OpenAPI tools '{options.Name}': Headers.{name}",
                cancellationToken).ConfigureAwait(false)));
        }

        return headers;
    }

    private bool IsOwn(Uri address) =>
        Uri.Compare(address, operation.BaseUrl, UriComponents.SchemeAndServer, UriFormat.UriEscaped,
            StringComparison.OrdinalIgnoreCase) == 0;

    private static bool IsRedirect(HttpStatusCode status) =>
        status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private AgentException Elsewhere(HttpResponseMessage response, Uri next, bool isOpen)
    {
        response.Dispose();
        return new AgentException(
            isOpen ? ErrorCode.ToolOutcomeUnknown : ErrorCode.ToolFailed,
            $"The API '{options.Name}' redirects to {next.GetLeftPart(UriPartial.Authority)}, which is not followed: calls stay with their own server."
            + (isOpen ? " The call may have taken effect." : ""));
    }
}
