using System.Net.Http;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AgentFunctions.AspNetCore.Security.Oidc;

/// <summary>Recognises callers by the tokens of the issuers that the host trusts.</summary>
internal sealed class OidcCallers : IDisposable
{
    private const int MaxToken = 16 * 1024;
    private const int MaxActors = 16;
    private const int MaxActor = 256;

    /// <summary>Signatures by a key of the issuer's own; none by a shared secret, and never none at all.</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
        "ES512"];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly (OidcOptions Options, IssuerKeys Keys)[] _issuers;
    private readonly HttpClient _http =
        new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = TimeSpan.FromSeconds(10),
            MaxResponseContentBufferSize = 1024 * 1024,
        };

    public OidcCallers(IOptions<ApiOptions> options, ILogger<OidcCallers> logger, TimeProvider time) =>
        _issuers = [.. options.Value.Oidc.Select(issuer => (issuer, new IssuerKeys(issuer, _http, logger, time)))];

    /// <summary>Whether any issuer is trusted.</summary>
    public bool IsConfigured => _issuers.Length > 0;

    /// <summary>Whose token it is; <see langword="null"/> where it is not good for this host.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/>: the issuer cannot be asked for its keys.
    /// </exception>
    public async Task<Caller?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (_issuers.Length == 0 || token.Length > MaxToken || token.Count(static c => c == '.') != 2
            || !_handler.CanReadToken(token))
        {
            return null;
        }

        JsonWebToken read;
        try
        {
            read = new JsonWebToken(token);
        }
        catch (ArgumentException)
        {
            return null;
        }

        if (Array.Find(_issuers, issuer => issuer.Options.Issuer == read.Issuer) is not { Options: { } options } issuer)
        {
            return null;
        }

        TokenValidationResult result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = options.Issuer,
            ValidAudience = options.Audience,
            IssuerSigningKeys = await issuer.Keys.FindAsync(read.Kid ?? "", cancellationToken),
            TryAllIssuerSigningKeys = string.IsNullOrEmpty(read.Kid),
            ValidAlgorithms = Algorithms,
            RequireExpirationTime = true,
            ClockSkew = TimeSpan.FromMinutes(1),
        });
        return result.IsValid ? CallerOf(result.ClaimsIdentity, read, options) : null;
    }

    public void Dispose()
    {
        foreach ((_, IssuerKeys keys) in _issuers)
        {
            keys.Dispose();
        }

        _http.Dispose();
    }

    private static Caller? CallerOf(ClaimsIdentity identity, JsonWebToken token, OidcOptions options)
    {
        if (identity.FindFirst(options.NameClaim)?.Value is not { Length: > 0 } name)
        {
            return null;
        }

        // OAuth writes several scopes as one text.
        IEnumerable<string> values = identity.FindAll(options.RolesClaim).SelectMany(claim =>
            options.RolesClaim is "scope" or "scp"
                ? claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                : [claim.Value]);
        IEnumerable<string> roles = options.Roles.Count == 0
            ? values
            : values.Where(options.Roles.ContainsKey).Select(value => options.Roles[value]);
        return CallerIds.TryCreate($"{options.Name}:{name}", roles) is { } caller
            ? caller with { Actors = ActorsOf(token) }
            : null;
    }

    /// <summary>Who acts on behalf of the subject, the nearest first (<c>act</c>, RFC 8693).</summary>
    private static List<string> ActorsOf(JsonWebToken token)
    {
        var actors = new List<string>();
        if (!token.TryGetPayloadValue("act", out JsonElement actor))
        {
            return actors;
        }

        while (actors.Count < MaxActors && actor.ValueKind == JsonValueKind.Object
            && actor.TryGetProperty("sub", out JsonElement subject) && subject.ValueKind == JsonValueKind.String)
        {
            string name = subject.GetString()!;
            if (name.Length is 0 or > MaxActor || name.Any(char.IsControl))
            {
                break;
            }

            actors.Add(name);
            if (!actor.TryGetProperty("act", out actor))
            {
                break;
            }
        }

        return actors;
    }
}
