using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Governance.Identity;

/// <summary>Mints the tokens with which a run shows a tool server who calls: one for each call, good for five minutes and for that server alone.</summary>
/// <remarks>
/// JSON Web Tokens signed with ES256. The subject is who asked for the root run; <c>act</c> (RFC 8693) names the run that acts and,
/// nested, those that delegated to it. The public keys are served at <c>/.well-known/jwks.json</c>.
/// </remarks>
public sealed class RunTokens
{
    /// <summary>How long a token is good for.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    internal const string KeyPurpose = "tokens";

    private readonly SigningKeys _keys;
    private readonly RunStore _runs;
    private readonly RunLineage _lineage;
    private readonly KillOrders _kills;
    private readonly IOrchestrationClient _orchestrations;
    private readonly AuditLog _audit;
    private readonly GovernanceOptions _options;
    private readonly TimeProvider _time;

    internal RunTokens(
        SigningKeys keys, RunStore runs, RunLineage lineage, KillOrders kills, IOrchestrationClient orchestrations, AuditLog audit,
        IOptions<GovernanceOptions> options, TimeProvider time) =>
        (_keys, _runs, _lineage, _kills, _orchestrations, _audit, _options, _time) =
            (keys, runs, lineage, kills, orchestrations, audit, options.Value, time);

    /// <summary>Mints a token for one call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="audience">The one tool server that shall accept it: its address.</param>
    /// <param name="scopes">What the call needs; all of it must be within the scopes of the run and of every run above it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.NotAllowed"/>: the run has ended, or a scope is not its own. <see cref="ErrorCode.Stopped"/>: the kill
    /// switch has revoked it.
    /// </exception>
    public async Task<string> MintAsync(
        ToolContext call, string audience, IReadOnlyList<string> scopes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentException.ThrowIfNullOrWhiteSpace(audience);
        ArgumentNullException.ThrowIfNull(scopes);
        RunRecord run = await _runs.GetAsync(call.RunId, cancellationToken).ConfigureAwait(false);
        Lineage lineage = await _lineage.OfAsync(run, cancellationToken).ConfigureAwait(false);
        AuditEntry entry = new(AuditTypes.TokenMinted)
        {
            RunId = run.Id,
            RootId = lineage.Root.Id,
            Turn = call.Turn,
            Call = call.Call,
            Requester = lineage.Root.Requester,
            Agent = run.Agent,
            DefinitionHash = run.DefinitionHash,
            Chain = lineage.Chain,
        };
        try
        {
            await DemandAliveAsync(run, lineage.Tree, cancellationToken).ConfigureAwait(false);
            DemandScopes(lineage.Runs, scopes);
        }
        catch (AgentException e) when (e.Code is ErrorCode.NotAllowed or ErrorCode.Stopped)
        {
            await _audit.AppendAsync(
                entry with { Type = AuditTypes.TokenRefused, Failed = true, Reason = $"for {audience}: {e.Message}" }, cancellationToken)
                .ConfigureAwait(false);
            throw;
        }

        string id = $"{call.IdempotencyKey}/{Guid.NewGuid():N}";
        string scope = string.Join(' ', scopes);
        await _audit.AppendAsync(
            entry with { Reason = $"for {audience}, scopes: {(scope.Length == 0 ? "none" : scope)}, token {id}" }, cancellationToken)
            .ConfigureAwait(false);
        return await MintAsync(lineage.Root.Requester, audience, id, new JsonObject
        {
            ["scope"] = scope,
            ["call"] = call.IdempotencyKey,
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
    internal async Task SignAsync(HttpRequestMessage request, ToolContext call, ToolServerIdentity identity, CancellationToken cancellationToken) =>
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            await MintAsync(call, identity.AudienceOf(request.RequestUri!), identity.Scopes, cancellationToken).ConfigureAwait(false));

    /// <summary>The identity that a tool's own request needs; <see langword="null"/> for a server that the configuration does not name.</summary>
    internal ToolServerIdentity? IdentityFor(Uri address) => _options.Identity.FirstOrDefault(server => server.Serves(address)) is { } server
        ? new ToolServerIdentity { Audience = server.Audience, Scopes = [.. server.Scopes] }
        : null;

    private static void DemandScopes(IReadOnlyList<RunRecord> chain, IReadOnlyList<string> scopes)
    {
        foreach (string scope in scopes)
        {
            if (chain.FirstOrDefault(one => one.Scopes is not null && !one.Scopes.Contains(scope, StringComparer.Ordinal)) is { } without)
            {
                throw new AgentException(
                    ErrorCode.NotAllowed, $"Rule 'scopes': run '{without.Id}' was not given the scope '{scope}', so neither it nor what it delegates to has it.");
            }
        }
    }

    private async Task<string> MintAsync(string subject, string audience, string id, JsonObject more, CancellationToken cancellationToken)
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

        return Sign(key, claims);
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

    private static string Sign(SigningKey key, JsonObject claims)
    {
        string head = Encode($$"""{"alg":"ES256","typ":"JWT","kid":"{{key.Public.Kid}}"}""");
        string body = $"{head}.{Encode(claims.ToJsonString())}";
        return $"{body}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(body)))}";
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private async Task DemandAliveAsync(RunRecord run, IReadOnlyList<string> tree, CancellationToken cancellationToken)
    {
        if (await _kills.FindAsync(run, tree, null, cancellationToken).ConfigureAwait(false) is { } order)
        {
            throw new AgentException(ErrorCode.Stopped, $"{order.By} stopped {order.Words}; run '{run.Id}' gets no more tokens.");
        }

        foreach (string id in tree)
        {
            if (await _orchestrations.GetAsync(id, false, cancellationToken).ConfigureAwait(false) is not { IsEnded: false })
            {
                throw new AgentException(ErrorCode.NotAllowed, $"Rule 'run-alive': run '{id}' has ended; nothing gets tokens in its name.");
            }
        }
    }
}
