using System.Security.Cryptography;
using AgentFunctions.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AgentFunctions.EndToEnd.Governance;

/// <summary>An issuer of OpenID Connect on a real port: publishes its configuration and keys, and signs tokens.</summary>
internal sealed class TokenIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<RsaSecurityKey> _published = [];
    private int _fetches;

    private TokenIssuer(WebApplication app) => _app = app;

    public string Issuer => _app.Urls.First();

    /// <summary>How often the keys were asked for.</summary>
    public int Fetches => Volatile.Read(ref _fetches);

    /// <summary>What the published configuration calls the issuer; by default what it is.</summary>
    public string? Claimed { get; set; }

    public bool IsDown { get; set; }

    public static async Task<TokenIssuer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        var issuer = new TokenIssuer(app);
        app.MapGet("/.well-known/openid-configuration", () => issuer.IsDown
            ? Results.StatusCode(503)
            : Results.Json(new { issuer = issuer.Claimed ?? issuer.Issuer, jwks_uri = $"{issuer.Issuer}/keys" }));
        app.MapGet("/keys", () =>
        {
            Interlocked.Increment(ref issuer._fetches);
            return Results.Json(new { keys = issuer._published.Select(Publish) });
        });
        await app.StartAsync();
        issuer.AddKey();
        return issuer;
    }

    /// <summary>Makes a key and publishes it, beside the earlier ones.</summary>
    public RsaSecurityKey AddKey()
    {
        var key = new RsaSecurityKey(RSA.Create(2048)) { KeyId = Guid.NewGuid().ToString("n") };
        _published.Add(key);
        return key;
    }

    public string Token(Action<SecurityTokenDescriptor>? change = null)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = "api://agents",
            Expires = DateTime.UtcNow.AddMinutes(5),
            NotBefore = DateTime.UtcNow.AddMinutes(-10),
            IssuedAt = DateTime.UtcNow.AddMinutes(-10),
            Claims = new Dictionary<string, object> { ["sub"] = "anna", ["roles"] = new[] { "Agents.Submit", "*" } },
            SigningCredentials = new SigningCredentials(_published[^1], SecurityAlgorithms.RsaSha256),
        };
        change?.Invoke(descriptor);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    public void Configure(ApiOptions options)
    {
        var oidc = new OidcOptions { Issuer = Issuer, Audience = "api://agents", KeyRefresh = TimeSpan.Zero };
        oidc.Roles.Add("Agents.Submit", "submitter");
        oidc.Roles.Add("Agents.Admin", "admin");
        options.Oidc.Add(oidc);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _published.ForEach(static key => key.Rsa.Dispose());
    }

    private static object Publish(RsaSecurityKey key)
    {
        RSAParameters parameters = key.Rsa.ExportParameters(false);
        return new
        {
            kty = "RSA",
            use = "sig",
            kid = key.KeyId,
            n = Base64UrlEncoder.Encode(parameters.Modulus),
            e = Base64UrlEncoder.Encode(parameters.Exponent),
        };
    }
}
