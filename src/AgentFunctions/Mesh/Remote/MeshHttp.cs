using AgentFunctions.Network;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Mesh.Remote;

/// <summary>Sends requests to other hosts of the mesh, within the network boundary. Their answers are bounded.</summary>
internal sealed class MeshHttp(IHttpClientFactory http)
{
    /// <summary>The name of the HTTP client.</summary>
    public const string ClientName = "AgentFunctions.Mesh";

    /// <summary>The longest answer, in bytes.</summary>
    public const long MostBytes = 4 * 1024 * 1024;

    /// <summary>How long one request may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>The hosts that the configuration itself names.</summary>
    /// <param name="options">The configuration.</param>
    public static NetworkConsents ConsentsOf(MeshOptions options) => new(
        ClientName,
        [
            .. options.Agents.Values.Select(static agent => Uri.TryCreate(agent.Card, UriKind.Absolute, out Uri? card)
                ? card
                : null)
                .OfType<Uri>().Select(static card => (card.IdnHost, card.Port)),
        ]);

    /// <summary>Sends a request.</summary>
    /// <param name="request">The request, which is disposed of.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using HttpRequestMessage sent = request;
        using HttpClient client = http.CreateClient(ClientName);
        return await client.SendAsync(sent, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
    }
}
