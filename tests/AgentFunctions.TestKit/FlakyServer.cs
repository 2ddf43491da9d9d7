using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.TestKit;

/// <summary>
/// What the monitors of a test watch and tell: a service with outages, and a receiver that knows repetitions by their key.
/// </summary>
public sealed class FlakyServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Random _random = new(7);
    private readonly Lock _gate = new();

    private FlakyServer(WebApplication app) => _app = app;

    /// <summary>The address, with a slash at its end.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Whether the service is down now.</summary>
    public Func<bool> IsDown { get; set; } = () => false;

    /// <summary>The share of deliveries that the receiver fails: half of them before it took the message, half after.</summary>
    public double FailedDeliveries { get; set; }

    /// <summary>The bodies that were received, by key; a repetition adds one.</summary>
    public ConcurrentDictionary<string, ConcurrentQueue<string>> Received { get; } = new();

    /// <summary>Signatures by key.</summary>
    public ConcurrentDictionary<string, (string Timestamp, string Signature)> Signatures { get; } = new();

    /// <summary>Starts it on a free port of this machine.</summary>
    public static async Task<FlakyServer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        var server = new FlakyServer(app);
        app.MapGet("/health", () => server.IsDown()
            ? Results.Text("""{"state":"down"}""", "application/json", statusCode: 503)
            : Results.Text("""{"state":"up"}""", "application/json"));
        app.MapPost("/hook", server.ReceiveAsync);
        app.MapPost("/gone", () => Results.StatusCode(410));
        await app.StartAsync();
        server.Url = app.Urls.First() + "/";
        return server;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        double luck;
        lock (_gate)
        {
            luck = _random.NextDouble();
        }

        if (luck < FailedDeliveries / 2)
        {
            return Results.StatusCode(503);
        }

        using var reader = new StreamReader(request.Body);
        string body = await reader.ReadToEndAsync();
        string key = request.Headers["Idempotency-Key"].ToString();
        Signatures[key] = (request.Headers["webhook-timestamp"].ToString(), request.Headers["webhook-signature"].ToString());
        Received.GetOrAdd(key, _ => new()).Enqueue(body);
        return Results.StatusCode(luck < FailedDeliveries ? 500 : 204);
    }
}
