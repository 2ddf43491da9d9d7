using ModelContextProtocol.Authentication;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>
/// The tokens of one server, as the MCP package asks for them at every request: a sign-in made meanwhile is seen at once.
/// </summary>
/// <param name="store">Where they are kept.</param>
/// <param name="server">The server's address.</param>
/// <param name="secrets">What must not be repeated.</param>
/// <param name="startsAnew">Whether what is kept does not count before this has kept something itself.</param>
internal sealed class SignInTokens(SignInStore store, Uri server, McpSecrets secrets, bool startsAnew) : ITokenCache
{
    private volatile bool _counts = !startsAnew;

    public async ValueTask<TokenContainer?> GetTokensAsync(CancellationToken cancellationToken)
    {
        SignInRecord? kept = _counts ? await store.FindAsync(server, cancellationToken).ConfigureAwait(false) : null;
        if (kept is not { AccessToken: { } token })
        {
            return null;
        }

        secrets.Add(token, kept.RefreshToken, kept.ClientSecret);
        return new TokenContainer
        {
            AccessToken = token,
            TokenType = kept.TokenType ?? "Bearer",
            RefreshToken = kept.RefreshToken,
            ExpiresIn = kept.ExpiresIn,
            Scope = kept.Scope,
            ObtainedAt = kept.ObtainedAt,
            ClientId = kept.ClientId,
            ClientSecret = kept.ClientSecret,
            TokenEndpointAuthMethod = kept.TokenEndpointAuthMethod,
            AuthorizationServer = kept.AuthorizationServer,
        };
    }

    public async ValueTask StoreTokensAsync(TokenContainer tokens, CancellationToken cancellationToken)
    {
        secrets.Add(tokens.AccessToken, tokens.RefreshToken, tokens.ClientSecret);
        var record = new SignInRecord
        {
            AccessToken = tokens.AccessToken,
            TokenType = tokens.TokenType,
            RefreshToken = tokens.RefreshToken,
            ExpiresIn = tokens.ExpiresIn,
            Scope = tokens.Scope,
            ObtainedAt = tokens.ObtainedAt,
            ClientId = tokens.ClientId,
            ClientSecret = tokens.ClientSecret,
            TokenEndpointAuthMethod = tokens.TokenEndpointAuthMethod,
            AuthorizationServer = tokens.AuthorizationServer,
        };
        await store.PutAsync(server, record, CancellationToken.None).ConfigureAwait(false);
        _counts = true;
    }
}
