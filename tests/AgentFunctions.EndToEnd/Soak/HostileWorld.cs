using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.EndToEnd.Soak;

/// <summary>
/// A model endpoint and tool servers that do all that was seen to go wrong, each request another: <c>/v1/chat/completions</c>,
/// <c>/mcp/KIND</c>, and a receiver of callbacks at <c>/hook</c> that takes some and hangs on others.
/// </summary>
internal sealed class HostileWorld : IAsyncDisposable
{
    /// <summary>What a goal begins with whose model behaves.</summary>
    public const string Good = "GOOD";

    private static readonly byte[] Megabyte = Encoding.UTF8.GetBytes(new string('x', 1 << 20));

    private readonly WebApplication _app;
    private readonly Dictionary<string, int> _counts = [];
    private readonly Func<HttpContext, Task>[] _answers;
    private int _next = -1;
    private int _open;

    private HostileWorld(int seed)
    {
        Seed = seed;
        _answers =
        [
            Say, Say, Call, Call, Trickle, Endless, CutOff, WrongTypes, TooMany, ServerError, ServerError, Huge, HalfPair, Html,
            Nothing, ErrorUnder200,
            ArgumentsAsObject, ArgumentsCut, Silent, Comments, LateAndSlow, CallAsks, CallAsksInside, CallSamples,
        ];
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public int Seed { get; }

    public string Url => _app.Urls.Single();

    /// <summary>How many requests are being answered.</summary>
    public int Open => Volatile.Read(ref _open);

    public string Counts
    {
        get
        {
            lock (_counts)
            {
                return string.Join(", ",
                    _counts.OrderBy(static one => one.Key, StringComparer.Ordinal)
                        .Select(static one => $"{one.Key} {one.Value}"));
            }
        }
    }

    public static async Task<HostileWorld> StartAsync(int seed)
    {
        var world = new HostileWorld(seed);
        await world._app.StartAsync();
        return world;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        Interlocked.Increment(ref _open);
        try
        {
            string path = context.Request.Path;
            if (path.EndsWith("/chat/completions", StringComparison.Ordinal))
            {
                using var reader = new StreamReader(context.Request.Body);
                string body = await reader.ReadToEndAsync(context.RequestAborted);
                await (body.Contains($"# Goal\\n{Good}", StringComparison.Ordinal)
                    ? Say(context)
                    : Counted(_answers[(Interlocked.Increment(ref _next) + Seed) % _answers.Length])(context));
            }
            else if (path.StartsWith("/mcp/", StringComparison.Ordinal))
            {
                await Counted(ToolServer(path[5..]))(context);
            }
            else
            {
                await Counted(Interlocked.Increment(ref _next) % 3 == 0 ? Silent : ServerError)(context);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException
            or Microsoft.AspNetCore.Connections.ConnectionAbortedException)
        {
            // The caller went away.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private Func<HttpContext, Task> Counted(Func<HttpContext, Task> answer)
    {
        lock (_counts)
        {
            _counts[answer.Method.Name] = _counts.GetValueOrDefault(answer.Method.Name) + 1;
        }

        return answer;
    }

    private static Func<HttpContext, Task> ToolServer(string kind) => kind switch
    {
        "mute" => Silent,
        "empty" => ToolServerEmpty,
        "html" => Html,
        "endless" => Endless,
        _ => ServerError,
    };

    private static Task Say(HttpContext http) => StreamAsync(http, Text("All is said."), Finish("stop"));

    private static Task Call(HttpContext http) => StreamAsync(http, Calls("""{"path":"."}"""), Finish("tool_calls"));

    private static Task CallAsks(HttpContext http) => StreamAsync(http, Calls("{}", "mcp__asks__asks"), Finish("tool_calls"));

    private static Task CallAsksInside(HttpContext http) =>
        StreamAsync(http, Calls("{}", "mcp__asks__asks_inside"), Finish("tool_calls"));

    private static Task CallSamples(HttpContext http) =>
        StreamAsync(http, Calls("{}", "mcp__asks__samples_inside"), Finish("tool_calls"));

    private static Task ArgumentsAsObject(HttpContext http) => StreamAsync(
        http, """{"choices":[{"delta":{"tool_calls":[{"function":{"name":"list_files","arguments":{"path":"."}}}]}}]}""",
        Finish("tool_calls"));

    private static Task ArgumentsCut(HttpContext http) =>
        StreamAsync(http, Calls("""{"path":".""" + new string('a', 20_000)), Finish("length"));

    private static async Task Trickle(HttpContext http)
    {
        Begin(http);
        for (int i = 0; i < 100_000; i++)
        {
            await WriteAsync(http, Text("."));
            await Task.Delay(100, http.RequestAborted);
        }
    }

    private static async Task Comments(HttpContext http)
    {
        Begin(http);
        while (true)
        {
            await http.Response.WriteAsync(": wait\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(200, http.RequestAborted);
        }
    }

    private static async Task Endless(HttpContext http)
    {
        Begin(http);
        string chunk = Text(new string('y', 8_000));
        while (true)
        {
            await WriteAsync(http, chunk);
        }
    }

    private static async Task CutOff(HttpContext http)
    {
        Begin(http);
        await WriteAsync(http, Text("half an ans"));
        http.Abort();
    }

    private static Task WrongTypes(HttpContext http) => StreamAsync(
        http, """{"id":7,"created":"soon","model":[],"choices":{"delta":{"content":{"a":1}}},"usage":"much"}""",
        """{"choices":[{"index":"zero","delta":{"role":3,"content":5,"tool_calls":"none"},"finish_reason":{}}],"usage":{"prompt_tokens":-5}}""");

    private static Task TooMany(HttpContext http)
    {
        http.Response.Headers.RetryAfter = "1";
        return Status(http, 429, """{"error":{"message":"Slow down."}}""");
    }

    private static Task ServerError(HttpContext http) => Status(http, 503, "<html>Bad Gateway</html>");

    private static async Task Huge(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync("""{"choices":[{"message":{"content":" """, http.RequestAborted);
        for (int i = 0; i < 64; i++)
        {
            await http.Response.Body.WriteAsync(Megabyte, http.RequestAborted);
        }

        await http.Response.WriteAsync("\"}}]}", http.RequestAborted);
    }

    private static Task HalfPair(HttpContext http) => StreamAsync(
        http, """{"choices":[{"delta":{"content":"half \ud83d"}}]}""", """{"choices":[{"delta":{"content":" of it \udc00"}}]}""",
        Finish("stop"));

    private static Task Html(HttpContext http)
    {
        http.Response.ContentType = "text/html";
        return http.Response.WriteAsync("<html><body>Sign in</body></html>", http.RequestAborted);
    }

    private static Task Nothing(HttpContext http)
    {
        http.Response.StatusCode = 200;
        return Task.CompletedTask;
    }

    private static Task ToolServerEmpty(HttpContext http) => Status(http, 200, "{}");

    private static Task ErrorUnder200(HttpContext http) =>
        Status(http, 200, """{"error":{"message":"The engine is overloaded.","code":500}}""");

    private static Task Silent(HttpContext http) => Task.Delay(Timeout.Infinite, http.RequestAborted);

    private static async Task LateAndSlow(HttpContext http)
    {
        await Task.Delay(1_500, http.RequestAborted);
        await Say(http);
    }

    private static async Task StreamAsync(HttpContext http, params string[] chunks)
    {
        Begin(http);
        foreach (string chunk in chunks)
        {
            await WriteAsync(http, chunk);
        }

        await http.Response.WriteAsync("data: [DONE]\n\n", http.RequestAborted);
    }

    private static void Begin(HttpContext http) => http.Response.ContentType = "text/event-stream";

    private static async Task WriteAsync(HttpContext http, string chunk)
    {
        await http.Response.WriteAsync($"data: {chunk}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    private static string Text(string text) =>
        JsonSerializer.Serialize(new { choices = new[] { new { delta = new { content = text } } } });

    private static string Finish(string reason) => JsonSerializer.Serialize(
        new
        {
            choices = new[] { new { delta = new { }, finish_reason = reason } },
            usage = new { prompt_tokens = 100, completion_tokens = 5 }
        });

    private static string Calls(string arguments, string name = "list_files") => JsonSerializer.Serialize(new
    {
        choices = new[] { new { delta = new { tool_calls = new[] { new { index = 0, id = "c1",
            function = new { name, arguments } } } } } },
    });

    private static Task Status(HttpContext http, int status, string body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(body, http.RequestAborted);
    }
}
