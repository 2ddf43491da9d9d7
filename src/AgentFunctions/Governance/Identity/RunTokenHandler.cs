using AgentFunctions.Governance.Options;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Governance.Identity;

/// <summary>
/// Signs the HTTP requests of a host's own client with the run's token. Add it with <c>AddHttpMessageHandler</c> and name the
/// call with <see cref="For"/>; a request that names none goes out as it is. The host's tool servers, OpenAPI tools and
/// <see cref="ToolContext.Http"/> need no more than their configuration.
/// </summary>
internal sealed class RunTokenHandler : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<(ToolContext Call, ToolServerIdentity Identity)> Key =
        new("AgentFunctions.Call");

    /// <summary>Names the call that a request is made for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="call">The call.</param>
    /// <param name="scopes">What the call needs.</param>
    public static void For(HttpRequestMessage request, ToolContext call, params IReadOnlyList<string> scopes)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Options.Set(Key, (call, new ToolServerIdentity { Scopes = scopes }));
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Options.TryGetValue(Key, out (ToolContext Call, ToolServerIdentity Identity) named))
        {
            // The audience is where the request goes: a server that it is redirected to cannot use the token elsewhere.
            await named.Call.Services.GetRequiredService<RunTokens>()
                .SignAsync(request, named.Call, named.Identity, cancellationToken)
                .ConfigureAwait(false);
        }

        return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }
}
