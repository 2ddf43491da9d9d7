using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Network;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Authentication;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>Makes what authorizes requests to servers.</summary>
internal sealed class ServerAuthorizations(IHttpMessageHandlerFactory handlers, NetworkGuard network, IServiceProvider services,
    TimeProvider time)
{
    /// <summary>The name of the HTTP client that speaks to authorization servers.</summary>
    public const string HttpClientName = "AgentFunctions.Mcp.SignIn";

    /// <summary>The longest answer of an authorization server, in bytes.</summary>
    public const long AnswerLimit = 1 << 20;

    private static readonly Uri NoRedirect = new("http://127.0.0.1/callback");

    /// <summary>
    /// Makes what authorizes requests to a server; <see langword="null"/> if it is configured with a header or an identity, or
    /// not at all.
    /// </summary>
    public async Task<ServerAuthorization?> OfAsync(
        McpServerDefinition server, Uri endpoint, VariableText variables, McpSecrets secrets, SignInInteraction? interaction,
        CancellationToken cancellationToken)
    {
        if (server.SignIn is not { } signIn || server.Identity is not null
            || server.Headers.Keys.Contains("Authorization", StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        Task<string> Expand(string text, string field) =>
            variables.ExpandAsync(text, $"{server.Origin}: mcpServers.{server.Name}.oauth.{field}", cancellationToken);
        if (signIn.Grant is not null)
        {
            Uri tokenEndpoint = Address(server, await Expand(signIn.TokenEndpoint!, "tokenEndpoint").ConfigureAwait(false),
                "tokenEndpoint");
            network.Consent(HttpClientName, tokenEndpoint);
            return new ServerAuthorization(
                server, null, new GrantedTokens(server, endpoint, tokenEndpoint, variables, Invoker(), secrets, time), null);
        }

        if (services.GetService<Keys.TreeKeys>() is null)
        {
            // A catalog without the runtime has no keys to seal with.
            return null;
        }

        SignInStore store = services.GetRequiredService<SignInStore>();
        var tokens = new SignInTokens(store, endpoint, secrets, startsAnew: interaction is not null);
        SignInRecord? before = interaction is null
            ? null
            : await store.FindAsync(endpoint, cancellationToken).ConfigureAwait(false);
        string[] wanted = [.. signIn.Scopes, .. before?.WantedScopes ?? []];
        return new ServerAuthorization(server, tokens, null, interaction)
        {
            OAuth = new ClientOAuthOptions
            {
                RedirectUri = interaction?.RedirectUri ?? NoRedirect,
                ClientId = signIn.ClientId is { } id ? await Expand(id, "clientId").ConfigureAwait(false) : null,
                ClientSecret = signIn.ClientSecret is { } secret
                    ? await Expand(secret, "clientSecret").ConfigureAwait(false)
                    : null,
                ClientMetadataDocumentUri = signIn.ClientMetadataUrl is { } url
                    ? Address(server, url, "clientMetadataUrl")
                    : null,
                Scopes = signIn.Scopes,
                ScopeSelector = scopes => (scopes ?? []).Concat(wanted).Distinct(StringComparer.Ordinal),
                DynamicClientRegistration = new DynamicClientRegistrationOptions { ClientName = "AgentFunctions" },
                TokenCache = tokens,
                AuthorizationCallbackHandler = interaction?.AskAsync
                    ?? ((context, token) => RefuseAsync(server, endpoint, store, context, token)),
            },
        };
    }

    /// <summary>Makes a client for authorization servers, which lie elsewhere.</summary>
    public HttpMessageInvoker Invoker() => new(handlers.CreateHandler(HttpClientName), disposeHandler: false);

    /// <summary>Nobody is there to sign in: what was asked for is kept for the person who does.</summary>
    private static async Task<AuthorizationResult?> RefuseAsync(
        McpServerDefinition server, Uri endpoint, SignInStore store, AuthorizationCallbackContext context,
        CancellationToken cancellationToken)
    {
        string[] scopes = [.. LoopbackReceiver.Query(context.AuthorizationUri.Query).GetValueOrDefault("scope", "")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        SignInRecord known = await store.FindAsync(endpoint, cancellationToken).ConfigureAwait(false) ?? new SignInRecord();
        await store.PutAsync(endpoint, known with { WantedScopes = scopes }, cancellationToken).ConfigureAwait(false);
        throw SignInNeeded.Of(server.Name, known.AccessToken is null
            ? null
            : "the sign-in has ended, or does not reach as far as the server asks");
    }

    private static Uri Address(McpServerDefinition server, string text, string field) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            ? address
            : throw new AgentException(ErrorCode.InvalidInput,
                $"{server.Origin}: mcpServers.{server.Name}.oauth.{field}: is not an https address.");
}
