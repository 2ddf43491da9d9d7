using ModelContextProtocol.Authentication;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>Represents a person who is there to sign in.</summary>
/// <param name="RedirectUri">Where the browser is sent back to.</param>
/// <param name="AskAsync">Has the person sign in, and returns what the browser came back with.</param>
internal sealed record SignInInteraction(
    Uri RedirectUri, Func<AuthorizationCallbackContext, CancellationToken, Task<AuthorizationResult?>> AskAsync)
{
    /// <summary>
    /// Gets or sets why a request to the authorization server was not sent; <see langword="null"/> if all were.
    /// </summary>
    public AgentException? Refusal { get; set; }
}
