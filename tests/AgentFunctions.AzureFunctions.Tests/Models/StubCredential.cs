using Azure.Core;

namespace AgentFunctions.AzureFunctions.Tests.Models;

/// <summary>An identity that signs in at once and keeps what it was asked for.</summary>
internal sealed class StubCredential : TokenCredential
{
    public const string Token = "token-of-the-identity";

    /// <summary>The scopes that tokens were asked for.</summary>
    public List<string> Scopes { get; } = [];

    /// <summary>Thrown in place of a token.</summary>
    public Exception? Refusal { get; init; }

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        Scopes.AddRange(requestContext.Scopes);
        return Refusal is null ? new AccessToken(Token, DateTimeOffset.MaxValue) : throw Refusal;
    }

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext,
        CancellationToken cancellationToken) =>
        new(GetToken(requestContext, cancellationToken));
}
