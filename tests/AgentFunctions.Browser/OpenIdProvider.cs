using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AgentFunctions.Browser;

/// <summary>
/// A provider of OpenID Connect on a real port: discovery, published keys, a page to sign in at, and authorization codes that are
/// good once, for one client, one address and the verifier whose challenge (S256) came with the request.
/// </summary>
internal sealed class OpenIdProvider : IAsyncDisposable
{
    public const string ClientId = "dashboard";
    public const string Audience = "api://agents";

    private const int ExpiresIn = 3600;

    private readonly WebApplication _app;
    private readonly RsaSecurityKey _key = new(RSA.Create(2048)) { KeyId = "published" };
    private readonly ConcurrentDictionary<string, Grant> _codes = new();
    private readonly ConcurrentDictionary<string, Grant> _refreshes = new();
    private int _renewed;

    private OpenIdProvider(WebApplication app) => _app = app;

    public string Issuer => _app.Urls.First();

    /// <summary>How often a token was given for a refresh token.</summary>
    public int Renewed => Volatile.Read(ref _renewed);

    /// <summary>What the next tokens are like.</summary>
    public Action<SecurityTokenDescriptor> Change { get; set; } = static _ => { };

    /// <summary>The state that the provider sends back in place of the one that it was given.</summary>
    public string? OtherState { get; set; }

    /// <summary>What the provider refuses sign-ins with.</summary>
    public string? Error { get; set; }

    /// <summary>Whether codes are bound to another verifier than the page's.</summary>
    public bool MixesUpCodes { get; set; }

    public static async Task<OpenIdProvider> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        var provider = new OpenIdProvider(app);
        app.Use(static (context, next) =>
        {
            // Public clients in a browser need it.
            context.Response.Headers.AccessControlAllowOrigin = "*";
            return next(context);
        });
        app.MapGet("/.well-known/openid-configuration", provider.Discover);
        app.MapGet("/keys", provider.Keys);
        app.MapGet("/authorize", provider.Authorize);
        app.MapGet("/allow", provider.Allow);
        app.MapPost("/token", provider.TokenAsync);
        await app.StartAsync();
        return provider;
    }

    /// <summary>The settings of a host that knows this issuer.</summary>
    public (string, string)[] Settings =>
    [
        ("Api__Oidc__0__Issuer", Issuer), ("Api__Oidc__0__Audience", Audience), ("Api__Oidc__0__Name", "corp"),
        ("Api__Oidc__0__DashboardClientId", ClientId), ("Api__Oidc__0__Roles__Agents.Look", "viewer"),
        ("Api__Oidc__0__Roles__Agents.Submit", "submitter"),
    ];

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Rsa.Dispose();
    }

    private IResult Discover() => Results.Json(new
    {
        issuer = Issuer,
        jwks_uri = $"{Issuer}/keys",
        authorization_endpoint = $"{Issuer}/authorize?tenant=test",
        token_endpoint = $"{Issuer}/token",
        code_challenge_methods_supported = new[] { "S256" },
    });

    private IResult Keys()
    {
        RSAParameters parameters = _key.Rsa.ExportParameters(false);
        return Results.Json(new
        {
            keys = new[]
            {
                new
                {
                    kty = "RSA",
                    use = "sig",
                    alg = "RS256",
                    kid = _key.KeyId,
                    n = Base64UrlEncoder.Encode(parameters.Modulus),
                    e = Base64UrlEncoder.Encode(parameters.Exponent),
                },
            },
        });
    }

    private IResult Authorize(HttpRequest request)
    {
        IQueryCollection query = request.Query;
        return query["client_id"] == ClientId && query["response_type"] == "code" && query["code_challenge_method"] == "S256"
            && query["code_challenge"].ToString().Length == 43 && query["tenant"] == "test"
            && query["scope"].ToString().Contains("openid", StringComparison.Ordinal)
            ? Results.Content($"<!doctype html><title>Corp</title><a href=\"/allow{request.QueryString}\">Continue as anna</a>",
                "text/html")
            : Results.BadRequest($"not a request of this client: {request.QueryString}");
    }

    private IResult Allow(HttpRequest request)
    {
        IQueryCollection query = request.Query;
        string code = Secret();
        _codes[code] = new Grant(
            query["redirect_uri"].ToString(), MixesUpCodes ? Challenge(Secret()) : query["code_challenge"].ToString(),
            query["nonce"].ToString());
        string outcome = Error is { } error ? $"error={error}&error_description=Not+today" : $"code={code}";
        return Results.Redirect($"{query["redirect_uri"]}?{outcome}&state={OtherState ?? query["state"].ToString()}");
    }

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        IFormCollection form = await request.ReadFormAsync();
        Grant? grant;
        if (form["grant_type"] == "refresh_token")
        {
            if (!_refreshes.TryRemove(form["refresh_token"].ToString(), out grant) || form["client_id"] != ClientId)
            {
                return Results.Json(new { error = "invalid_grant", error_description = "The refresh token is not good." },
                    statusCode: 400);
            }

            Interlocked.Increment(ref _renewed);
        }
        else if (!_codes.TryRemove(form["code"].ToString(), out grant) || form["client_id"] != ClientId
            || form["redirect_uri"] != grant.RedirectUri
            || Challenge(form["code_verifier"].ToString()) != grant.Challenge)
        {
            return Results.Json(new { error = "invalid_grant", error_description = "The code is not good." }, statusCode: 400);
        }

        string refresh = Secret();
        _refreshes[refresh] = grant;
        return Results.Json(new
        {
            token_type = "Bearer",
            expires_in = ExpiresIn,
            access_token = Token(Audience, null),
            id_token = Token(ClientId, grant.Nonce),
            refresh_token = refresh,
        });
    }

    private string Token(string audience, string? nonce)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = audience,
            Expires = DateTime.UtcNow.AddSeconds(ExpiresIn),
            NotBefore = DateTime.UtcNow.AddMinutes(-10),
            IssuedAt = DateTime.UtcNow.AddMinutes(-10),
            Claims = new Dictionary<string, object> { ["sub"] = "anna", ["roles"] = new[] { "Agents.Look" } },
            SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.RsaSha256),
        };
        if (!string.IsNullOrEmpty(nonce))
        {
            descriptor.Claims["nonce"] = nonce;
        }

        Change(descriptor);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    private static string Secret() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32));

    private static string Challenge(string verifier) =>
        Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    private sealed record Grant(string RedirectUri, string Challenge, string Nonce);
}
