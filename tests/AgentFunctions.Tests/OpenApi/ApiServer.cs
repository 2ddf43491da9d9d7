using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.OpenApi;

/// <summary>A real HTTP server that notes what it was asked and answers by a handler.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiServer(Func<HttpContext, Task> handle)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var read = new MemoryStream();
            await context.Request.Body.CopyToAsync(read);
            Requests.Enqueue(new ApiRequest(
                context.Request.Method,
                context.Features.Get<IHttpRequestFeature>()!.RawTarget,
                context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(),
                    StringComparer.OrdinalIgnoreCase),
                System.Text.Encoding.UTF8.GetString(read.ToArray()),
                read.ToArray()));
            read.Position = 0;
            context.Request.Body = read;
            await handle(context);
        });
    }

    public ConcurrentQueue<ApiRequest> Requests { get; } = new();

    public ApiRequest Last => Requests.Last();

    public string Url { get; private set; } = "";

    public static async Task<ApiServer> StartAsync(Func<HttpContext, Task>? handle = null)
    {
        var server = new ApiServer(handle ?? (context => context.Response.WriteAsJsonAsync(new { ok = true })));
        await server._app.StartAsync();
        server.Url = server._app.Urls.Single();
        return server;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

internal sealed record ApiRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body,
    byte[] Content);
