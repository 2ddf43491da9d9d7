using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.TestKit;

/// <summary>
/// A tool server behind OAuth, and its authorization server at another address: metadata, registration, codes with PKCE, refresh
/// with rotation, client credentials. Its tools: <c>whoami</c>, which repeats the token, and <c>admin</c>, which takes the scope
/// <c>admin</c>.
/// </summary>
public sealed class SignInServer : IAsyncDisposable
{
    /// <summary>The client that may have tokens without a person.</summary>
    public const string ClientId = "the-host";

    /// <summary>Its secret.</summary>
    public const string ClientSecret = "the-secret-of-the-host";

    private readonly ConcurrentDictionary<string, Grant> _codes = new();
    private readonly ConcurrentDictionary<string, Grant> _access = new();
    private readonly ConcurrentDictionary<string, Grant> _refresh = new();
    private readonly WebApplication _authorization;
    private readonly WebApplication _tools;

    private SignInServer()
    {
        _authorization = Build();
        _authorization.MapGet("/.well-known/oauth-authorization-server", () => Results.Json(Metadata()));
        _authorization.MapPost("/register", RegisterAsync);
        _authorization.MapGet("/authorize", Authorize);
        _authorization.MapPost("/token", TokenAsync);
        _tools = Build();
        _tools.MapGet("/.well-known/oauth-protected-resource/mcp", () => Results.Json(new
        {
            resource = Resource ?? Url,
            authorization_servers = new[] { Issuer },
            scopes_supported = new[] { "read" },
        }));
        _tools.MapPost("/mcp", (Delegate)CallAsync);
    }

    /// <summary>The tool server's address.</summary>
    public string Url { get; private set; } = "";

    /// <summary>The authorization server's address.</summary>
    public string Issuer { get; private set; } = "";

    /// <summary>The issuer that its metadata names; by default its own address.</summary>
    public string? NamedIssuer { get; set; }

    /// <summary>The resource that the tool server names; by default its own address.</summary>
    public string? Resource { get; set; }

    /// <summary>The <c>iss</c> of an answer; by default the issuer.</summary>
    public string? AnsweredIssuer { get; set; }

    /// <summary>The <c>state</c> of an answer; by default that of the request.</summary>
    public string? AnsweredState { get; set; }

    /// <summary>Whether the person says no.</summary>
    public bool Denies { get; set; }

    /// <summary>Whether refresh tokens are refused.</summary>
    public bool RefusesRefresh { get; set; }

    /// <summary>The seconds that a token lives, as its answer says.</summary>
    public int Lifetime { get; set; } = 3_600;

    /// <summary>Whether a client may be named by the address of a document that describes it.</summary>
    public bool TakesMetadataDocuments { get; set; }

    /// <summary>The clients that asked for a code or a token.</summary>
    public ConcurrentQueue<string> Clients { get; } = new();

    /// <summary>Every token, secret and code that was given out.</summary>
    public ConcurrentBag<string> Secrets { get; } = [ClientSecret];

    /// <summary>The paths that were asked of both servers, with the grant type for tokens.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>The tokens that came with requests to the authorization server, which must be none.</summary>
    public ConcurrentQueue<string> Strayed { get; } = new();

    /// <summary>Starts both.</summary>
    public static async Task<SignInServer> StartAsync()
    {
        var server = new SignInServer();
        await server._authorization.StartAsync();
        await server._tools.StartAsync();
        server.Issuer = server._authorization.Urls.First();
        server.Url = server._tools.Urls.First() + "/mcp";
        return server;
    }

    /// <summary>Makes every access token that was given out worthless.</summary>
    public void ExpireAll() => _access.Clear();

    /// <summary>Makes a refresh token, as a person's sign-in elsewhere would have.</summary>
    public string GiveRefreshToken() => Give(_refresh, new Grant("read", Url, ""));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _tools.DisposeAsync();
        await _authorization.DisposeAsync();
    }

    private static WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        return builder.Build();
    }

    private object Metadata() => new
    {
        issuer = NamedIssuer ?? Issuer,
        authorization_endpoint = Issuer + "/authorize",
        token_endpoint = Issuer + "/token",
        registration_endpoint = Issuer + "/register",
        response_types_supported = new[] { "code" },
        grant_types_supported = new[] { "authorization_code", "refresh_token", "client_credentials" },
        code_challenge_methods_supported = new[] { "S256" },
        token_endpoint_auth_methods_supported = new[] { "none", "client_secret_post", "client_secret_basic" },
        authorization_response_iss_parameter_supported = true,
        client_id_metadata_document_supported = TakesMetadataDocuments,
    };

    private string Give(ConcurrentDictionary<string, Grant> into, Grant grant)
    {
        string secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        into[secret] = grant;
        Secrets.Add(secret);
        return secret;
    }

    private async Task<IResult> RegisterAsync(HttpRequest request)
    {
        Asked.Enqueue("/register");
        JsonNode body = (await JsonNode.ParseAsync(request.Body))!;
        return Results.Json(new
        {
            client_id = $"client-{Guid.NewGuid():N}",
            redirect_uris = body["redirect_uris"],
            token_endpoint_auth_method = "none"
        }, statusCode: 201);
    }

    private IResult Authorize(HttpRequest request)
    {
        Asked.Enqueue("/authorize");
        IQueryCollection query = request.Query;
        Clients.Enqueue(query["client_id"].ToString());
        string answer = $"{query["redirect_uri"]}?state={Uri.EscapeDataString(AnsweredState ?? query["state"].ToString())}&iss={Uri.EscapeDataString(AnsweredIssuer ?? Issuer)}";
        if (Denies)
        {
            return Results.Redirect(answer + "&error=access_denied");
        }

        bool isProtected = query["code_challenge_method"] == "S256" && query["resource"] == Url;
        string code = Give(_codes,
            new Grant(query["scope"].ToString(), query["resource"].ToString(), query["code_challenge"].ToString()));
        return isProtected ? Results.Redirect($"{answer}&code={code}") : Results.BadRequest("PKCE and the resource are missing");
    }

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        IFormCollection form = await request.ReadFormAsync();
        Asked.Enqueue($"/token {form["grant_type"]}");
        string header = request.Headers.Authorization.ToString();
        Clients.Enqueue(header.StartsWith("Basic ", StringComparison.Ordinal)
            ? Uri.UnescapeDataString(Encoding.UTF8.GetString(Convert.FromBase64String(header["Basic ".Length..])).Split(':')[0])
            : form["client_id"].ToString());
        if (header.StartsWith("Bearer ", StringComparison.Ordinal))
        {
            Strayed.Enqueue(header);
        }

        Grant? grant = null;
        switch (form["grant_type"].ToString())
        {
            case "authorization_code" when _codes.TryRemove(form["code"].ToString(), out Grant? known)
                && known.Challenge == Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))).TrimEnd('=').Replace('+', '-').Replace('/', '_'):
                grant = known;
                break;
            case "refresh_token" when !RefusesRefresh && _refresh.TryRemove(form["refresh_token"].ToString(), out Grant? known):
                grant = known;
                break;
            case "client_credentials" when header == "Basic "
                + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ClientId}:{ClientSecret}")):
                grant = new Grant(form["scope"].ToString(), form["resource"].ToString(), "");
                break;
        }

        return grant is null || grant.Resource != Url
            ? Results.Json(new { error = "invalid_grant", error_description = $"refused {form["refresh_token"]}{form["code"]}" },
                statusCode: 400)
            : Results.Json(new
            {
                access_token = Give(_access, grant),
                token_type = "Bearer",
                expires_in = Lifetime,
                scope = grant.Scope,
                refresh_token = form["grant_type"] == "client_credentials" ? null : Give(_refresh, grant),
            });
    }

    private async Task<IResult> CallAsync(HttpContext http)
    {
        Asked.Enqueue("/mcp");
        string token = http.Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal);
        string metadata = $"Bearer resource_metadata=\"{Url.Replace("/mcp", "/.well-known/oauth-protected-resource/mcp", StringComparison.Ordinal)}\"";
        if (!_access.TryGetValue(token, out Grant? grant))
        {
            http.Response.Headers.WWWAuthenticate = metadata + ", scope=\"read\"";
            return Results.StatusCode(401);
        }

        JsonNode call = (await JsonNode.ParseAsync(http.Request.Body))!;
        if (call["id"] is not { } id)
        {
            return Results.StatusCode(202);
        }

        string method = call["method"]!.GetValue<string>();
        string? tool = (string?)call["params"]?["name"];
        if (method == "tools/call" && tool == "admin" && !grant.Scope.Split(' ').Contains("admin"))
        {
            http.Response.Headers.WWWAuthenticate = metadata + ", error=\"insufficient_scope\", scope=\"admin\"";
            return Results.StatusCode(403);
        }

        object? result = method switch
        {
            "initialize" => new
            {
                protocolVersion = "2025-06-18",
                capabilities = new { tools = new { } },
                serverInfo = new { name = "signed", version = "1" },
            },
            "tools/list" => new
            {
                tools = new[] { "whoami", "admin" }.Select(name => new
                {
                    name,
                    description = "Tells.",
                    inputSchema = new { type = "object" },
                    annotations = new { readOnlyHint = true }
                }),
            },
            "tools/call" => new
            {
                content = new[] { new { type = "text",
                text = string.Create(CultureInfo.InvariantCulture, $"{tool} for {token}") } }
            },
            "ping" => new { },
            _ => null,
        };
        return result is null
            ? Results.Json(new
            {
                jsonrpc = "2.0",
                id = JsonSerializer.Deserialize<JsonElement>(id.ToJsonString()),
                error = new { code = -32601, message = "Method not found" }
            })
            : Results.Json(new { jsonrpc = "2.0", id = JsonSerializer.Deserialize<JsonElement>(id.ToJsonString()), result });
    }

    private sealed record Grant(string Scope, string Resource, string Challenge);
}
