using System.Net.Http.Headers;
using AgentFunctions.Tools;

namespace AgentFunctions.Governance.Identity;

/// <summary>
/// Signs a tool's HTTP requests with the run's token. Add it to an HTTP client with <c>AddHttpMessageHandler</c> and name the call
/// with <see cref="For"/>; a request that names none goes out as it is.
/// </summary>
public sealed class RunTokenHandler(RunTokens tokens) : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<(ToolContext Call, IReadOnlyList<string> Scopes)> Key = new("AgentFunctions.Call");

    /// <summary>Names the call that a request is made for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="call">The call.</param>
    /// <param name="scopes">What the call needs.</param>
    public static void For(HttpRequestMessage request, ToolContext call, params IReadOnlyList<string> scopes)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Options.Set(Key, (call, scopes));
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Options.TryGetValue(Key, out (ToolContext Call, IReadOnlyList<string> Scopes) call))
        {
            // The audience is where the request goes: a server that it is redirected to cannot use the token elsewhere.
            string audience = request.RequestUri!.GetLeftPart(UriPartial.Authority);
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Bearer", await tokens.MintAsync(call.Call, audience, call.Scopes, cancellationToken).ConfigureAwait(false));
        }

        return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }
}
