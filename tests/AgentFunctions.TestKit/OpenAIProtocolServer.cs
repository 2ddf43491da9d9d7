using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.TestKit;

/// <summary>
/// A real HTTP server that speaks OpenAI's chat completions and answers what a script says:
/// <c>POST */chat/completions</c>, <c>GET */models</c>. It refuses conversations that the protocol forbids.
/// </summary>
public sealed class OpenAIProtocolServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<ChatRequest> _requests = new();
    private readonly Func<ChatRequest, ChatReply> _script;
    private readonly WebApplication _app;
    private int _count = -1;

    private OpenAIProtocolServer(Func<ChatRequest, ChatReply> script, int port)
    {
        _script = script;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(System.Net.IPAddress.Loopback, port);
        });
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <summary>The address up to and including <c>/v1</c>: what <c>OPENAI_BASE_URL</c> takes.</summary>
    public string BaseUrl { get; private set; } = "";

    /// <summary>The requests of chat completions, in the order in which they came, with those that were refused.</summary>
    public IReadOnlyList<ChatRequest> Requests => [.. _requests.OrderBy(static request => request.Index)];

    /// <summary>How many requests of chat completions came.</summary>
    public int Count => Volatile.Read(ref _count) + 1;

    /// <summary>Whether requests are kept; true by default, off for benchmarks.</summary>
    public bool Record { get; set; } = true;

    /// <summary>Whether the rules of Moonshot's thinking models hold; false by default.</summary>
    public bool Kimi { get; set; }

    /// <summary>The only key that is taken, as bearer token or as <c>api-key</c>; any by default.</summary>
    public string? Key { get; set; }

    /// <summary>The only model that is known; any by default.</summary>
    public string? Model { get; set; }

    /// <summary>Starts a server.</summary>
    /// <param name="script">Answers a request; called from many threads at once.</param>
    /// <param name="port">The port of 127.0.0.1; by default a free one.</param>
    public static async Task<OpenAIProtocolServer> StartAsync(Func<ChatRequest, ChatReply> script, int port = 0)
    {
        var server = new OpenAIProtocolServer(script, port);
        await server._app.StartAsync();
        server.BaseUrl = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/v1";
        return server;
    }

    /// <summary>Starts a server that gives these answers in turn, and the last one for ever.</summary>
    /// <param name="replies">The answers.</param>
    public static Task<OpenAIProtocolServer> StartAsync(params ChatReply[] replies) =>
        StartAsync(request => replies[Math.Min(request.Index, replies.Length - 1)]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        // Connections that a test left open are cut, not waited for.
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            string path = context.Request.Path.Value!;
            if (context.Request.Method == "POST" && path.EndsWith("/chat/completions", StringComparison.Ordinal))
            {
                await CompleteAsync(context);
            }
            else if (context.Request.Method == "GET" && path.EndsWith("/models", StringComparison.Ordinal))
            {
                await context.Response.WriteAsJsonAsync(new
                {
                    @object = "list",
                    data = new[] { new { id = Model ?? "scripted", @object = "model" } }
                });
            }
            else
            {
                context.Response.StatusCode = 404;
                context.Response.ContentType = "text/html";
                await context.Response.WriteAsync("<html><body><h1>404 Not Found</h1></body></html>");
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller went away.
        }
    }

    private async Task CompleteAsync(HttpContext context)
    {
        using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
        var request = new ChatRequest(
            Interlocked.Increment(ref _count),
            Record ? body.RootElement.Clone() : body.RootElement,
            Record ? context.Request.Headers.ToDictionary(static header => header.Key.ToLowerInvariant(),
                static header => header.Value.ToString()) : [])
        {
            Target = Record ? context.Request.Path + context.Request.QueryString : "",
        };
        if (Record)
        {
            _requests.Enqueue(request);
        }

        await ChatReplyWriter.WriteAsync(context, request, Refusal(context, request) ?? _script(request));
    }

    private ChatReply? Refusal(HttpContext context, ChatRequest request)
    {
        if (Key is not null && context.Request.Headers.Authorization != $"Bearer {Key}"
            && context.Request.Headers["api-key"] != Key)
        {
            return ChatReply.Error(401, "Incorrect API key provided. You can find your API key in your account.",
                "invalid_api_key");
        }

        if (ChatProtocolRules.Fault(request.Body, Kimi) is { } fault)
        {
            return ChatReply.Error(400, fault, "invalid_request_error");
        }

        return Model is not null && request.Model != Model
            ? ChatReply.Error(404, $"The model `{request.Model}` does not exist or you do not have access to it.",
                "model_not_found")
            : null;
    }
}
