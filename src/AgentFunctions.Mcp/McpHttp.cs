using System.Net.Http.Headers;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Mcp.SignIn;
using AgentFunctions.Network;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Mcp;

/// <summary>Makes the HTTP clients of tool servers. Each speaks to its own server's host and port and to nothing else.</summary>
internal sealed class McpHttp(IHttpMessageHandlerFactory handlers, NetworkGuard network, ServerAuthorizations authorizations,
    IServiceProvider services)
{
    private static readonly AsyncLocal<string?> CallToken = new();

    /// <summary>The token of the call that is being made here; the requests that come of it carry it.</summary>
    public static string? Token { set => CallToken.Value = value; }

    /// <summary>Gets the person who is there to sign in; <see langword="null"/>, the default, if nobody is.</summary>
    public SignInInteraction? Interaction { get; private init; }

    /// <summary>The same for a person who is there to sign in.</summary>
    public McpHttp With(SignInInteraction interaction) =>
        new(handlers, network, authorizations, services) { Interaction = interaction };

    /// <summary>Makes what authorizes requests to a server.</summary>
    public Task<ServerAuthorization?> AuthorizationOfAsync(
        McpServerDefinition server, Uri endpoint, VariableText variables, McpSecrets secrets,
        CancellationToken cancellationToken) =>
        authorizations.OfAsync(server, endpoint, variables, secrets, Interaction, cancellationToken);

    /// <summary>The client of a server that the host's configuration, or an agent's, names.</summary>
    /// <param name="endpoint">Its address.</param>
    /// <param name="identity">Which tokens it gets; <see langword="null"/> for none.</param>
    /// <param name="headers">Finds the headers of a request; <see langword="null"/> if it has none of its own.</param>
    /// <param name="authorization">What authorizes requests; <see langword="null"/> for nothing but the headers.</param>
    public HttpClient ClientFor(
        Uri endpoint, ToolServerIdentity? identity, Func<CancellationToken, Task<Dictionary<string, string>>>? headers,
        ServerAuthorization? authorization)
    {
        network.Consent(McpTransport.HttpClientName, endpoint);
        // The shared handler is the factory's to dispose of.
        HttpMessageHandler shared = handlers.CreateHandler(McpTransport.HttpClientName);
        Func<CancellationToken, Task<string>>? mint = identity is null ? null
            : cancellationToken => services.GetRequiredService<RunTokens>()
                .MintForHostAsync(identity.AudienceOf(endpoint), cancellationToken);
        return new HttpClient(new OwnServerHandler(endpoint, mint, headers, authorization, authorizations, shared),
            disposeHandler: false)
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>A server of the older transport says itself where messages go, which must not be to somebody else.</summary>
    private sealed class OwnServerHandler(
        Uri endpoint, Func<CancellationToken, Task<string>>? mintForHost,
        Func<CancellationToken, Task<Dictionary<string, string>>>? findHeaders,
        ServerAuthorization? authorization, ServerAuthorizations authorizations,
        HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            if (Uri.Compare(request.RequestUri, endpoint, UriComponents.SchemeAndServer, UriFormat.UriEscaped,
                StringComparison.OrdinalIgnoreCase) != 0)
            {
                if (authorization?.MayLeave(request) == true)
                {
                    using HttpMessageInvoker elsewhere = authorizations.Invoker();
                    return await authorization.SendElsewhereAsync(request, elsewhere, cancellationToken).ConfigureAwait(false);
                }

                throw new AgentException(
                    ErrorCode.NotAllowed,
                    $"Rule 'network-boundary': the tool server at {endpoint.GetLeftPart(UriPartial.Authority)} sends its client to "
                    + $"{request.RequestUri?.GetLeftPart(UriPartial.Authority)}, which is another host. Nothing was sent.");
            }

            foreach ((string name, string value) in findHeaders is null
                ? []
                : await findHeaders(cancellationToken).ConfigureAwait(false))
            {
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, value);
            }

            if (mintForHost is not null)
            {
                string token = CallToken.Value ?? await mintForHost(cancellationToken).ConfigureAwait(false);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            if (authorization is null)
            {
                return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            }

            bool isCall = request.RequestUri!.AbsolutePath == endpoint.AbsolutePath;
            return await authorization
                .SendAsync(request, () => base.SendAsync(request, cancellationToken), isCall, cancellationToken)
                .ConfigureAwait(false);
        }
    }
}
