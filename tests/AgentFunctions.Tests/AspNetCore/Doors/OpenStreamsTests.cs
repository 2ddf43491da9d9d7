using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>How many streams a caller and a host may have open at once, by the API and by each door.</summary>
[CancelAfter(300_000)]
internal sealed class OpenStreamsTests
{
    private const string Watch = "api/watch?topic=inbox";

    private ApiHost _host = null!;
    private HttpClient _client = null!;
    private ApiOptions _bounds = null!;
    private OpenStreams _streams = null!;
    private string _task = null!;
    private string _response = null!;
    private string _session = null!;
    private int _requests;

    /// <summary>All requests that are answered with a stream: the form of a refusal, method, address and body.</summary>
    private static IEnumerable<TestCaseData> Requests =>
    [
        Of(DoorRefusal.Api, "GET", "api/runs/TASK/events"), Of(DoorRefusal.Api, "GET", "api/runs/TASK/events?live=true"),
        Of(DoorRefusal.Api, "GET", "api/watch"), Of(DoorRefusal.Api, "GET", Watch),
        Of(DoorRefusal.OpenAI, "POST", "v1/responses", """{"model":"worker","input":"Wait.","stream":true}"""),
        Of(DoorRefusal.OpenAI, "GET", "v1/responses/RESPONSE?stream=true"),
        Of(DoorRefusal.OpenAI, "POST", "v1/chat/completions",
            """{"model":"worker","messages":[{"role":"user","content":"Wait."}],"stream":true}"""),
        Of(DoorRefusal.AgUi, "POST", "agui/worker", Thread("NEW")),
        Of(DoorRefusal.AgUi, "POST", "agui/worker/connect", """{"threadId":"known"}"""),
        Of(DoorRefusal.A2A, "POST", "a2a/worker/message:stream", Message),
        Of(DoorRefusal.A2A, "GET", "a2a/worker/tasks/TASK:subscribe"),
        Of(DoorRefusal.A2A, "POST", "a2a/worker/tasks/TASK:subscribe", "{}"),
        Of(DoorRefusal.A2ARpc, "POST", "a2a/worker",
            $$"""{"jsonrpc":"2.0","id":1,"method":"SendStreamingMessage","params":{{Message}}}"""),
        Of(DoorRefusal.A2ARpc, "POST", "a2a/worker",
            """{"jsonrpc":"2.0","id":1,"method":"SubscribeToTask","params":{"id":"TASK"}}"""),
        Of(DoorRefusal.Mcp, "MCP", "worker", """{"goal":"Wait."}"""),
        Of(DoorRefusal.Mcp, "MCP", "run_status", """{"id":"TASK","waitSeconds":50}"""),
        Of(DoorRefusal.Api, "GET", "mcp"),
    ];

    private static string Message => """{"message":{"messageId":"NEW","role":"ROLE_USER","parts":[{"text":"Wait."}]}}""";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await A2AHost.StartAsync();
        // What goes away goes at once: by default a client tries to read the rest first.
        _client = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero })
        {
            BaseAddress = _host.Client.BaseAddress,
        };
        _bounds = _host.Get<IOptions<ApiOptions>>().Value;
        _streams = _host.Get<OpenStreams>();
        JsonElement sent = await _host.SendAsync(
            null, CancellationToken.None, goal: "Wait.", configuration: new { returnImmediately = true });
        _task = sent.GetProperty("result").GetProperty("task").GetProperty("id").GetString()!;
        using HttpResponseMessage response = await _host.Client.PostAsJsonAsync(
            "v1/responses", new { model = "worker", input = "Wait.", background = true });
        _response = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        using HttpRequestMessage thread = Request("POST", "agui/worker", Thread("known"));
        using HttpResponseMessage begun = await _client.SendAsync(thread, HttpCompletionOption.ResponseHeadersRead);
        using HttpRequestMessage first = Request("POST", "mcp",
            """
            {"jsonrpc":"2.0","id":1,"method":"initialize",
            "params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
            """);
        using HttpResponseMessage initialized = await _host.Client.SendAsync(first);
        _session = initialized.Headers.GetValues("Mcp-Session-Id").Single();
    }

    [SetUp]
    public Task CloseAllAsync()
    {
        (_bounds.StreamsPerCaller, _bounds.StreamsPerHost) = (0, 0);
        return Poll.UntilAsync(() => _streams.Count == 0);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [TestCaseSource(nameof(Requests))]
    public async Task Stream_OneTooMany_IsRefusedAndStartsNothing(
        string form, string method, string address, string body, CancellationToken cancellationToken)
    {
        using HttpResponseMessage open = await _client.GetAsync(
            new Uri(Watch, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        int runs = await CountRunsAsync(cancellationToken);

        _bounds.StreamsPerCaller = 1;
        using HttpRequestMessage second = Request(method, address, body);
        using HttpResponseMessage tooMany = await _client.SendAsync(second, cancellationToken);
        (_bounds.StreamsPerCaller, _bounds.StreamsPerHost) = (2, 1);
        using HttpRequestMessage third = Request(method, address, body);
        using HttpResponseMessage full = await _client.SendAsync(third, cancellationToken);

        await DoorRefusal.EnsureAsync(form, tooMany, isCallers: true, "quotaExceeded");
        await DoorRefusal.EnsureAsync(form, full, isCallers: false, "overloaded");
        Assert.That(await CountRunsAsync(cancellationToken), Is.EqualTo(runs));
        Assert.That(_streams.Count, Is.EqualTo(1), "what was refused is not counted");
    }

    [TestCaseSource(nameof(Requests))]
    public async Task Stream_WhoseClientGoesAway_MakesRoom(
        string form, string method, string address, string body, CancellationToken cancellationToken)
    {
        (_bounds.StreamsPerCaller, _bounds.StreamsPerHost) = (1, 1);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using HttpRequestMessage request = Request(method, address, body);
        Task<HttpResponseMessage> sent = _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone.Token);

        await Poll.UntilAsync(() => _streams.Count == 1, cancellationToken, $"{form}: it is open");
        await gone.CancelAsync();
        try
        {
            (await sent).Dispose();
        }
        catch (OperationCanceledException)
        {
            // It went away before the answer had begun.
        }

        await Poll.UntilAsync(() => _streams.Count == 0, cancellationToken);
    }

    [Test]
    public async Task Stream_OfAClientThatIsKilled_MakesRoom(CancellationToken cancellationToken)
    {
        string request = $@"GET /{Watch} HTTP/1.1\r\nHost: localhost\r\n\r\n";
        string script = $"exec 3<>/dev/tcp/127.0.0.1/{_host.Client.BaseAddress!.Port}; printf '{request}' >&3; exec cat <&3";
        using Process client = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true })!;
        await Poll.UntilAsync(() => _streams.Count == 1, cancellationToken);

        client.Kill();

        await Poll.UntilAsync(() => _streams.Count == 0, cancellationToken);
    }

    [Test]
    public async Task Stream_OfARunThatEnds_MakesRoom(CancellationToken cancellationToken)
    {
        (_bounds.StreamsPerCaller, _bounds.StreamsPerHost) = (1, 1);
        for (int i = 0; i < 3; i++)
        {
            await Poll.UntilAsync(() => _streams.Count == 0, cancellationToken);
            using HttpRequestMessage request = Request("POST", "v1/responses",
                """{"model":"worker","input":"Answer.","stream":true}""");
            using HttpResponseMessage response = await _host.Client.SendAsync(request, cancellationToken);

            Assert.That(await response.Content.ReadAsStringAsync(cancellationToken), Does.Contain(A2AHost.Answer));
        }
    }

    [Test]
    public async Task Bound_OfACaller_IsItsOwn(CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync(DoorHost.WithKey, ("Api:StreamsPerCaller", "2"));
        (string anna, string ben) = await host.AddCallersAsync(cancellationToken);

        using HttpResponseMessage one = await OpenAsync(anna);
        using HttpResponseMessage two = await OpenAsync(anna);
        using HttpResponseMessage three = await OpenAsync(anna);
        using HttpResponseMessage other = await OpenAsync(ben);

        Assert.That(
            (HttpStatusCode[])[one.StatusCode, two.StatusCode, three.StatusCode, other.StatusCode],
            Is.EqualTo((HttpStatusCode[])
                [HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.OK]));
        Assert.That(await three.Content.ReadAsStringAsync(cancellationToken), Does.Contain("'Api:StreamsPerCaller': at most 2"));

        async Task<HttpResponseMessage> OpenAsync(string key)
        {
            using HttpRequestMessage request = Request("GET", Watch, "");
            request.Headers.Authorization = new("Bearer", key);
            return await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
    }

    [Test]
    public void Bounds_ByDefault_Are100ForACallerAnd5000ForAHost()
    {
        var options = new ApiOptions();

        Assert.That((options.StreamsPerCaller, options.StreamsPerHost), Is.EqualTo((100, 5_000)));
    }

    [TestCase("Api:StreamsPerCaller")]
    [TestCase("Api:StreamsPerHost")]
    public void Start_WithABoundBelowNone_NamesTheSetting(string setting)
    {
        OptionsValidationException? refused = Assert.ThrowsAsync<OptionsValidationException>(
            () => A2AHost.StartAsync((setting, "-1")));

        Assert.That(refused!.Message, Does.Contain($"{setting}: use 0 to 1,000,000."));
    }

    private static TestCaseData Of(string form, string method, string address, string body = "") =>
        new(form, method, address, body);

    private static string Thread(string id) =>
        $$"""
        {"threadId":"{{id}}","runId":"r","messages":[{"id":"m","role":"user","content":"Wait."}],"tools":[],"context":[]}
        """;

    private async Task<int> CountRunsAsync(CancellationToken cancellationToken) =>
        (await _host.Get<RunReader>().ListPageAsync(new RunFilter(), 100, cancellationToken)).Items.Count;

    private HttpRequestMessage Request(string method, string address, string body)
    {
        string content = Fill(body);
        if (method == "MCP")
        {
            return McpMessage.Make("tools/call", address, new { name = address, arguments = JsonElement.Parse(content) });
        }

        var request = new HttpRequestMessage(new HttpMethod(method), Fill(address))
        {
            Content = content.Length == 0 ? null : JsonContent.Create(JsonElement.Parse(content)),
        };
        request.Headers.Add("A2A-Version", "1.0");
        if (address == "mcp")
        {
            request.Headers.Accept.ParseAdd(method == "GET" ? "text/event-stream" : "application/json, text/event-stream");
        }

        if (_session is not null)
        {
            request.Headers.Add("Mcp-Session-Id", _session);
        }

        return request;
    }

    private string Fill(string text) => text
        .Replace("TASK", _task, StringComparison.Ordinal).Replace("RESPONSE", _response, StringComparison.Ordinal)
        .Replace("NEW", $"new-{Interlocked.Increment(ref _requests)}", StringComparison.Ordinal);
}
