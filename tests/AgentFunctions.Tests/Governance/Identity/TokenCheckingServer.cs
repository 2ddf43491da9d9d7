using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.Governance.Identity;

/// <summary>
/// A tool server of somebody else's: it knows the address of the host's published keys, and takes no request without a token that
/// those keys signed, for itself and for now. It speaks plain HTTP and the Model Context Protocol.
/// </summary>
internal sealed class TokenCheckingServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new();
    private readonly SemaphoreSlim _asked = new(0);

    private TokenCheckingServer()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public string Url { get; private set; } = "";

    /// <summary>Where the keys are published.</summary>
    public Uri Keys { get; set; } = null!;

    /// <summary>What was asked (the path, or the method of the Model Context Protocol), with the claims of the token.</summary>
    public ConcurrentQueue<(string Asked, JsonElement Claims)> Taken { get; } = new();

    public ConcurrentQueue<string> Refused { get; } = new();

    /// <summary>Whether the next call of a tool is told that its session is gone, as after a restart of the server.</summary>
    public bool ForgetsSession { get; set; }

    public IReadOnlyList<JsonElement> ClaimsOf(string asked) =>
        [.. Taken.Where(one => one.Asked == asked).Select(one => one.Claims)];

    /// <summary>Waits until something was asked.</summary>
    public async Task UntilAsync(string asked)
    {
        while (ClaimsOf(asked).Count == 0)
        {
            await _asked.WaitAsync();
        }
    }

    public static async Task<TokenCheckingServer> StartAsync()
    {
        var server = new TokenCheckingServer();
        await server._app.StartAsync();
        server.Url = server._app.Urls.Single();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Method == "GET" && context.Request.Path == "/mcp")
        {
            context.Response.StatusCode = 405;
            return;
        }

        JsonElement message = default;
        if (context.Request.Path == "/mcp")
        {
            message = (await JsonDocument.ParseAsync(context.Request.Body)).RootElement;
        }

        string asked = message.ValueKind == JsonValueKind.Object
            ? message.GetProperty("method").GetString()!
            : context.Request.Path;
        if (await CheckAsync(context.Request.Headers.Authorization.ToString()) is not { } claims)
        {
            Refused.Enqueue(asked);
            context.Response.StatusCode = 401;
            return;
        }

        Taken.Enqueue((asked, claims));
        _asked.Release();
        if (asked == "tools/call" && ForgetsSession)
        {
            ForgetsSession = false;
            context.Response.StatusCode = 404;
            return;
        }

        await AnswerAsync(context, asked, message);
    }

    private static Task AnswerAsync(HttpContext context, string asked, JsonElement message)
    {
        object? result = asked switch
        {
            "initialize" => new
            {
                protocolVersion = "2025-06-18",
                capabilities = new { tools = new { } },
                serverInfo = new { name = "checked", version = "1" }
            },
            "tools/list" => new
            {
                tools = new[] { new { name = "read", inputSchema = new { type = "object" },
                annotations = new { readOnlyHint = true } } }
            },
            "tools/call" => new { content = new[] { new { type = "text", text = "read" } } },
            "ping" => new { },
            _ => null,
        };
        if (message.ValueKind != JsonValueKind.Object)
        {
            return context.Response.WriteAsJsonAsync(new { ok = true });
        }

        if (!message.TryGetProperty("id", out JsonElement id))
        {
            context.Response.StatusCode = 202;
            return Task.CompletedTask;
        }

        if (result is null)
        {
            return context.Response.WriteAsJsonAsync(new
            {
                jsonrpc = "2.0",
                id,
                error = new { code = -32601, message = $"no method {asked}" }
            });
        }

        return context.Response.WriteAsJsonAsync(new { jsonrpc = "2.0", id, result });
    }

    private async Task<JsonElement?> CheckAsync(string authorization)
    {
        string[] parts = authorization.Replace("Bearer ", "", StringComparison.Ordinal).Split('.');
        if (parts.Length != 3)
        {
            return null;
        }

        JsonElement head = JsonElement.Parse(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0])));
        JsonElement set = await _http.GetFromJsonAsync<JsonElement>(Keys);
        JsonElement key = set.GetProperty("keys").EnumerateArray()
            .Single(one => one.GetProperty("kid").GetString() == head.GetProperty("kid").GetString());
        using var ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint
            {
                X = Base64Url.DecodeFromChars(key.GetProperty("x").GetString()),
                Y = Base64Url.DecodeFromChars(key.GetProperty("y").GetString()),
            },
        });
        JsonElement claims = JsonElement.Parse(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])));
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        bool isGood = head.GetProperty("alg").GetString() == "ES256"
            && ecdsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]),
                HashAlgorithmName.SHA256)
            && claims.GetProperty("aud").GetString() == Url
            && claims.GetProperty("exp").GetInt64() > now
            && claims.GetProperty("exp").GetInt64() <= now + 300;
        return isGood ? claims : null;
    }
}
