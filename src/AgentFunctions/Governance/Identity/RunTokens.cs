using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Options;
using AgentFunctions.Keys;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Governance.Identity;

/// <summary>
/// Mints the tokens with which a run shows a tool server who calls: one for each call, good for five minutes and for that server
/// alone.
/// </summary>
/// <remarks>
/// JSON Web Tokens signed with ES256. The subject is who asked for the root run; <c>act</c> (RFC 8693) names the run that acts
/// and, nested, those that delegated to it. The public keys are served at <c>/.well-known/jwks.json</c>.
/// </remarks>
internal sealed class RunTokens : IRequestSigner
{
    /// <summary>How long a token is good for.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    internal const string KeyPurpose = "tokens";

    private readonly SigningKeys _keys;
    private readonly RunTokenRights _rights;
    private readonly AuditLog _audit;
    private readonly GovernanceOptions _options;
    private readonly TimeProvider _time;

    internal RunTokens(
        SigningKeys keys, RunTokenRights rights, AuditLog audit, IOptions<GovernanceOptions> options, TimeProvider time) =>
        (_keys, _rights, _audit, _options, _time) = (keys, rights, audit, options.Value, time);

    /// <summary>Mints a token for one call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="audience">The one tool server that shall accept it: its address.</param>
    /// <param name="scopes">
    /// What the call needs; all of it must be within the scopes of the run and of every run above it.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.NotAllowed"/>: the run has ended, or a scope is not its own. <see cref="ErrorCode.Stopped"/>: the
    /// kill switch has revoked it.
    /// </exception>
    public Task<string> MintAsync(
        ToolContext call, string audience, IReadOnlyList<string> scopes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentException.ThrowIfNullOrWhiteSpace(audience);
        ArgumentNullException.ThrowIfNull(scopes);
        return MintAsync(new TokenUse(call.RunId, call.Turn, call.Call, call.IdempotencyKey), audience, scopes,
            cancellationToken);
    }

    /// <summary>
    /// Mints a token for one call, or to end what a call of a run has begun elsewhere that has ended itself or is stopped.
    /// </summary>
    internal async Task<string> MintAsync(
        TokenUse use, string audience, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        Lineage lineage = await _rights.LineageAsync(use.RunId, cancellationToken).ConfigureAwait(false);
        RunRecord run = lineage.Runs[0];
        AuditEntry entry = new(AuditTypes.TokenMinted)
        {
            RunId = run.Id,
            RootId = lineage.Root.Id,
            Turn = use.Turn,
            Call = use.Call,
            Requester = lineage.Root.Requester,
            Agent = run.Agent,
            DefinitionHash = run.DefinitionHash,
            Chain = lineage.Chain,
        };
        try
        {
            await _rights.EnsureAsync(lineage, scopes, !use.IsToEnd, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code is ErrorCode.NotAllowed or ErrorCode.Stopped)
        {
            await _audit.AppendAsync(
                entry with { Type = AuditTypes.TokenRefused, Failed = true, Reason = $"for {audience}: {e.Message}" },
                cancellationToken)
                .ConfigureAwait(false);
            throw;
        }

        string id = $"{use.Key}/{Guid.NewGuid():N}";
        string scope = string.Join(' ', scopes);
        await _audit.AppendAsync(
            entry with { Reason = $"for {audience}, scopes: {(scope.Length == 0 ? "none" : scope)}, token {id}" },
            cancellationToken)
            .ConfigureAwait(false);
        return await MintAsync(lineage.Root.Requester, audience, id, new JsonObject
        {
            ["scope"] = scope,
            ["call"] = use.Key,
            ["act"] = ActorOf(lineage.Runs, 0),
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Mints a token for what the host itself asks of a tool server: to shake hands, to list tools. It names the host as subject,
    /// and neither run nor scopes.
    /// </summary>
    internal Task<string> MintForHostAsync(string audience, CancellationToken cancellationToken) =>
        MintAsync(_options.Issuer, audience, Guid.NewGuid().ToString("N"), new JsonObject { ["scope"] = "" }, cancellationToken);

    /// <summary>Signs a request of a call: it carries a token for the server that it goes to.</summary>
    internal async Task SignAsync(HttpRequestMessage request, ToolContext call, ToolServerIdentity identity,
        CancellationToken cancellationToken) =>
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            await MintAsync(call, identity.AudienceOf(request.RequestUri!), identity.Scopes, cancellationToken)
                .ConfigureAwait(false));

    /// <inheritdoc/>
    Task IRequestSigner.SignAsync(HttpRequestMessage request, ToolContext call, CancellationToken cancellationToken) =>
        _options.Identity.FirstOrDefault(server => server.Serves(request.RequestUri!)) is { } server
            ? SignAsync(request, call, new ToolServerIdentity { Audience = server.Audience, Scopes = [.. server.Scopes] },
                cancellationToken)
            : Task.CompletedTask;

    private async Task<string> MintAsync(string subject, string audience, string id, JsonObject more,
        CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        SigningKey key = await _keys.CurrentAsync(cancellationToken).ConfigureAwait(false);
        var claims = new JsonObject
        {
            ["iss"] = _options.Issuer,
            ["sub"] = subject,
            ["aud"] = audience,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + Lifetime).ToUnixTimeSeconds(),
            ["jti"] = id,
        };
        foreach ((string name, JsonNode? value) in more)
        {
            claims[name] = value?.DeepClone();
        }

        return SignedToken.Write(key, "JWT", claims);
    }

    private static JsonObject ActorOf(IReadOnlyList<RunRecord> chain, int at)
    {
        var actor = new JsonObject
        {
            ["sub"] = $"run:{chain[at].Id}",
            ["agent"] = chain[at].Agent,
            ["agent_hash"] = chain[at].DefinitionHash,
        };
        if (at + 1 < chain.Count)
        {
            actor["act"] = ActorOf(chain, at + 1);
        }

        return actor;
    }
}
