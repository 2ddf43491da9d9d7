using AgentFunctions.Governance.Boundaries;

namespace AgentFunctions.Tools.Mcp;

/// <summary>Makes the HTTP clients of tool servers. Each speaks to its own server's host and port and to nothing else.</summary>
internal sealed class McpHttp(IHttpMessageHandlerFactory handlers, NetworkGuard network)
{
    /// <summary>The client of a server that the host's configuration, or an agent's, names.</summary>
    public HttpClient ClientFor(Uri endpoint)
    {
        network.Consent(McpTransport.HttpClientName, endpoint);
        // The shared handler is the factory's to dispose of.
        HttpMessageHandler shared = handlers.CreateHandler(McpTransport.HttpClientName);
        return new HttpClient(new OwnServerHandler(endpoint, shared), disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>A server of the older transport says itself where messages go, which must not be to somebody else.</summary>
    private sealed class OwnServerHandler(Uri endpoint, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Uri.Compare(request.RequestUri, endpoint, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0
                ? base.SendAsync(request, cancellationToken)
                : throw new AgentException(
                    ErrorCode.NotAllowed,
                    $"Rule 'network-boundary': the tool server at {endpoint.GetLeftPart(UriPartial.Authority)} sends its client to "
                    + $"{request.RequestUri?.GetLeftPart(UriPartial.Authority)}, which is another host. Nothing was sent.");
    }
}
