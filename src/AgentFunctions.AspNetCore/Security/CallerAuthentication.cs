using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.AspNetCore.Security.Oidc;
using AgentFunctions.Gateway;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Recognises callers: the host's own key, API keys with roles, tokens of issuers that it trusts, the principal that Azure Functions has checked. A host that knows
/// none of these serves whoever is on its machine.
/// </summary>
internal sealed class CallerAuthentication(IOptions<ApiOptions> options, ApiKeys keys, OidcCallers tokens)
{
    private const string Scheme = "Bearer ";

    private readonly byte[]? _hostKey = options.Value.Key is { } key ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : null;

    /// <summary>Whether a call without credentials is refused.</summary>
    public async ValueTask<bool> IsRequiredAsync(CancellationToken cancellationToken) =>
        _hostKey is not null || tokens.IsConfigured || options.Value.TrustFunctionsPrincipal || await keys.AnyAsync(cancellationToken);

    /// <summary>Who calls; <see langword="null"/> where the credentials are missing or wrong.</summary>
    public async ValueTask<Caller?> RecogniseAsync(HttpContext context)
    {
        string header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            string token = header[Scheme.Length..].Trim();
            bool isHostKey = _hostKey is not null
                && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), _hostKey);
            return isHostKey
                ? Caller.Local with { Id = "host-key" }
                : await keys.FindAsync(token, context.RequestAborted) ?? await tokens.FindAsync(token, context.RequestAborted);
        }

        if (options.Value.TrustFunctionsPrincipal
            && context.Request.Headers["X-MS-CLIENT-PRINCIPAL"] is [{ Length: > 0 and < 65_536 } principal])
        {
            return OfPrincipal(principal);
        }

        return await IsRequiredAsync(context.RequestAborted) ? null : Caller.Local;
    }

    /// <summary>What Azure's authentication in front of the app found out, as base64 of JSON.</summary>
    private static Caller? OfPrincipal(string principal)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(Convert.FromBase64String(principal));
            string nameType = json.RootElement.GetProperty("name_typ").GetString()!;
            string roleType = json.RootElement.GetProperty("role_typ").GetString()!;
            (string Type, string Value)[] claims = [.. json.RootElement.GetProperty("claims").EnumerateArray()
                .Select(claim => (claim.GetProperty("typ").GetString()!, claim.GetProperty("val").GetString()!))];
            string? name = claims.FirstOrDefault(claim => claim.Type == nameType).Value;
            return name is { Length: > 0 and <= 256 }
                ? new Caller($"user:{name}") { Roles = [.. claims.Where(claim => claim.Type == roleType).Select(claim => claim.Value).Where(role => role != "*")] }
                : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
