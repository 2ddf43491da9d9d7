using System.Net.Http.Headers;
using AgentFunctions.Agents.ToolServers;
using ModelContextProtocol.Authentication;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>
/// How requests to one server are authorized: by the sign-in of a person, or by tokens that the host is granted.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="tokens">The tokens of a person's sign-in; <see langword="null"/> with a grant.</param>
/// <param name="granted">The tokens of a grant; <see langword="null"/> without.</param>
/// <param name="interaction">The person who is there to sign in now; <see langword="null"/> if nobody is.</param>
internal sealed class ServerAuthorization(McpServerDefinition server, SignInTokens? tokens, GrantedTokens? granted,
    SignInInteraction? interaction)
{
    /// <summary>Gets what the MCP package needs to get and renew tokens; <see langword="null"/> with a grant.</summary>
    public ClientOAuthOptions? OAuth { get; init; }

    /// <summary>
    /// Determines whether a request to another host may go out: one that looks for, or asks, the authorization server. It carries
    /// no token.
    /// </summary>
    /// <param name="request">The request.</param>
    public bool MayLeave(HttpRequestMessage request) =>
        OAuth is not null && request.Headers.Authorization?.Scheme != "Bearer"
        && request.RequestUri is { } address
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));

    /// <summary>Sends a request to another host.</summary>
    /// <param name="request">The request; see <see cref="MayLeave"/>.</param>
    /// <param name="http">Sends it.</param>
    /// <param name="cancellationToken">The token to cancel the request.</param>
    public async Task<HttpResponseMessage> SendElsewhereAsync(HttpRequestMessage request, HttpMessageInvoker http,
        CancellationToken cancellationToken)
    {
        try
        {
            return await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (interaction is not null && Refusal(e) is { } refusal)
        {
            // Whoever tries one address after the other forgets why the first one failed.
            interaction.Refusal ??= refusal;
            throw;
        }
    }

    private static AgentException? Refusal(Exception? failure) =>
        failure as AgentException ?? (failure is null ? null : Refusal(failure.InnerException));

    /// <summary>Sends a request with what authorizes it.</summary>
    /// <param name="request">The request, to the server itself.</param>
    /// <param name="send">Sends it.</param>
    /// <param name="isCall">
    /// Whether it goes to the server's own endpoint, and not to what it publishes of its authorization.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the request.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: a person has to sign in, or no token is granted.
    /// </exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, Func<Task<HttpResponseMessage>> send, bool isCall, CancellationToken cancellationToken)
    {
        if (granted is null)
        {
            HttpResponseMessage answer = await send().ConfigureAwait(false);
            if (isCall && interaction is null && answer.StatusCode == System.Net.HttpStatusCode.Unauthorized
                && await tokens!.GetTokensAsync(cancellationToken).ConfigureAwait(false) is null)
            {
                answer.Dispose();
                throw SignInNeeded.Of(server.Name);
            }

            return answer;
        }

        if (request.Content is { } content)
        {
            // It may have to be sent twice.
            await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        }

        string token = await granted.GetAsync(null, cancellationToken).ConfigureAwait(false);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        HttpResponseMessage response = await send().ConfigureAwait(false);
        if (response.StatusCode != System.Net.HttpStatusCode.Unauthorized)
        {
            return response;
        }

        response.Dispose();
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer",
            await granted.GetAsync(token, cancellationToken).ConfigureAwait(false));
        return await send().ConfigureAwait(false);
    }
}
