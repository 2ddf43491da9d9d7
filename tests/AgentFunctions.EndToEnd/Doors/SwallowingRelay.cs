using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>Stands between a client and a server, and keeps back the answers to requests that a test chooses.</summary>
internal sealed class SwallowingRelay : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };

    private SwallowingRelay(WebApplication app) => _app = app;

    /// <summary>Gets the address, without a slash at its end.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Gets whether the answer to a request is kept back, by its body. It is asked once for each request.</summary>
    public Func<string, bool> Swallows { get; set; } = static _ => false;

    /// <summary>Gets how many answers it has kept back.</summary>
    public int Swallowed => Volatile.Read(ref _swallowed);

    private int _swallowed;

    /// <summary>Starts it on a free port of this machine.</summary>
    /// <param name="to">The server.</param>
    public static async Task<SwallowingRelay> StartAsync(Uri to)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        var relay = new SwallowingRelay(app);
        app.Run(context => relay.PassAsync(to, context));
        await app.StartAsync();
        relay.Url = app.Urls.First();
        return relay;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task PassAsync(Uri to, HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method), new Uri(to, context.Request.Path + context.Request.QueryString));
        if (body.Length > 0)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        }

        foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in context.Request.Headers)
        {
            if (!name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
                && name is not ("Host" or "Connection" or "Transfer-Encoding"))
            {
                request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value);
            }
        }

        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
            context.RequestAborted);
        if (Swallows(body))
        {
            // The server has answered, and nobody hears of it.
            await response.Content.ReadAsByteArrayAsync(context.RequestAborted);
            Interlocked.Increment(ref _swallowed);
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        foreach ((string name,
            IEnumerable<string> value) in response.Headers.Where(static header => header.Key.StartsWith("Mcp-",
                StringComparison.OrdinalIgnoreCase)))
        {
            context.Response.Headers[name] = value.ToArray();
        }

        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
