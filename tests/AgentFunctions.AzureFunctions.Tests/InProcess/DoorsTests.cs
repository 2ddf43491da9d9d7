using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Doors;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>
/// The doors through the one route that an app's HTTP trigger has: callers whom Azure's authentication has named, runs on Durable
/// Task.
/// </summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class DoorsTests
{
    private const string Anna = "anna@corp.example";
    private const string Ben = "ben@corp.example";

    private readonly SemaphoreSlim _goOn = new(0);
    private ServedApp _app = null!;
    private HttpClient _anybody = null!;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _app = await ServedApp.StartAsync(
            request => request.Body.GetRawText().Contains("Wait", StringComparison.Ordinal)
                ? ChatReply.Say("Waited.") with { Before = token => _goOn.WaitAsync(token) }
                : ChatReply.Say("Helped."),
            Cancel, ("Api:TrustFunctionsPrincipal", "true"), ("Doors:Settle", "00:00:00.05"));
        _anybody = new HttpClient { BaseAddress = _app.Http.BaseAddress };
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _anybody?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _goOn.Dispose();
    }

    [Test]
    public async Task OpenAI_InTheBackground_IsRetrievedByItsOwner()
    {
        JsonElement made = await SendAsync(
            Anna, HttpMethod.Post, "/v1/responses", new { model = "helper", input = "Help.", background = true });
        string id = made.GetProperty("id").GetString()!;
        await _app.Get<RunReader>().WaitForEndAsync(id["resp_".Length..], Cancel);

        JsonElement retrieved = await SendAsync(Anna, HttpMethod.Get, $"/v1/responses/{id}");
        JsonElement foreign = await SendAsync(Ben, HttpMethod.Get, $"/v1/responses/{id}", null, HttpStatusCode.NotFound);

        Assert.That(made.GetProperty("status").GetString(), Is.AnyOf("queued", "in_progress", "completed"));
        Assert.That(retrieved.GetProperty("status").GetString(), Is.EqualTo("completed"));
        Assert.That(retrieved.GetProperty("output").GetRawText(), Does.Contain("Helped."));
        Assert.That(foreign.TryGetProperty("error", out _), "the error is OpenAI's");
    }

    [Test]
    public async Task A2A_Message_IsATaskOfItsCaller()
    {
        JsonElement sent = await SendAsync(Anna, HttpMethod.Post, "/a2a/helper", new
        {
            jsonrpc = "2.0",
            id = 1,
            method = "SendMessage",
            @params = new { message = new { messageId = "m", role = "ROLE_USER", parts = new[] { new { text = "Help." } } } },
        });
        JsonElement task = sent.GetProperty("result").GetProperty("task");
        string address = $"/a2a/helper/tasks/{task.GetProperty("id").GetString()}";
        JsonElement own = await SendAsync(Anna, HttpMethod.Get, address);
        await SendAsync(Ben, HttpMethod.Get, address, null, HttpStatusCode.NotFound);

        Assert.That(task.GetProperty("status").GetProperty("state").GetString(), Is.EqualTo("TASK_STATE_COMPLETED"));
        Assert.That(own.GetProperty("artifacts").GetRawText(), Does.Contain("Helped."));
    }

    [Test]
    public async Task AgUi_StreamThatReachesItsAge_IsBrokenOffAndTakenUp()
    {
        using HttpRequestMessage first = Request(Anna, HttpMethod.Post, "/agui/helper", Thread("Wait."));
        EnsureIsBrokenOff(first);

        string whole = await TextAsync(Anna, HttpMethod.Post, "/agui/helper/connect", Thread("Wait."), HttpStatusCode.OK);
        await TextAsync(Ben, HttpMethod.Post, "/agui/helper/cancel", Thread("Wait."), HttpStatusCode.NotFound);

        Assert.That(whole, Does.Contain("RUN_STARTED").And.Contain("Waited.").And.Contain("RUN_FINISHED"));
    }

    [Test]
    public async Task Mcp_ListsTheAgents_WithoutASessionInOneWorker()
    {
        using HttpRequestMessage hello = Mcp("initialize", new
        {
            protocolVersion = "2025-06-18",
            capabilities = new { },
            clientInfo = new { name = "test", version = "1" },
        });
        using HttpResponseMessage greeted = await _anybody.SendAsync(hello, Cancel);
        using HttpRequestMessage list = Mcp("tools/list", new { });
        using HttpResponseMessage listed = await _anybody.SendAsync(list, Cancel);
        string tools = await listed.Content.ReadAsStringAsync(Cancel);

        Assert.That(greeted.StatusCode, Is.EqualTo(HttpStatusCode.OK), await greeted.Content.ReadAsStringAsync(Cancel));
        Assert.That(greeted.Headers.Contains("Mcp-Session-Id"), Is.False);
        Assert.That(listed.StatusCode, Is.EqualTo(HttpStatusCode.OK), tools);
        Assert.That(tools, Does.Contain("\"helper\"").And.Contain("\"run_status\""));
    }

    [Test]
    public async Task Mcp_CallThatOutlivesItsRequest_IsBrokenOff()
    {
        using HttpRequestMessage call = Mcp("tools/call", new
        {
            name = "helper",
            arguments = new { goal = "Wait." },
            _meta = new { progressToken = "p" },
        });
        EnsureIsBrokenOff(call);
    }

    [TestCase("/v1/responses")]
    [TestCase("/a2a/helper")]
    [TestCase("/agui/helper")]
    [TestCase("/mcp")]
    public async Task Door_WithoutCredentials_IsClosed(string address)
    {
        using HttpResponseMessage refused = await _anybody.PostAsJsonAsync(address, new { }, Cancel);

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public void Waits_EndBeforeThePlatformClosesTheConnection() =>
        Assert.That(_app.Get<IOptions<DoorOptions>>().Value.WaitFor, Is.EqualTo(TimeSpan.FromSeconds(200)));

    /// <summary>Sends a request that waits, and ensures that its stream is broken off when it reaches its age.</summary>
    private void EnsureIsBrokenOff(HttpRequestMessage request)
    {
        ApiOptions options = _app.Get<IOptions<ApiOptions>>().Value;
        TimeSpan? lifetime = options.StreamLifetime;
        options.StreamLifetime = TimeSpan.FromSeconds(1);
        try
        {
            Assert.That(
                async () =>
                {
                    using HttpResponseMessage response = await _anybody.SendAsync(
                        request, HttpCompletionOption.ResponseHeadersRead, Cancel);
                    return await response.Content.ReadAsStringAsync(Cancel);
                },
                Throws.InstanceOf<HttpRequestException>());
        }
        finally
        {
            options.StreamLifetime = lifetime;
            _goOn.Release();
        }
    }

    private static object Thread(string words) => new
    {
        threadId = "t",
        runId = "r",
        messages = new[] { new { id = "m", role = "user", content = words } },
        tools = Array.Empty<string>(),
        context = Array.Empty<string>(),
    };

    private async Task<JsonElement> SendAsync(
        string caller, HttpMethod method, string address, object? body = null, HttpStatusCode expected = HttpStatusCode.OK) =>
        JsonElement.Parse(await TextAsync(caller, method, address, body, expected));

    private async Task<string> TextAsync(
        string caller, HttpMethod method, string address, object? body, HttpStatusCode expected)
    {
        using HttpRequestMessage request = Request(caller, method, address, body);
        request.Headers.Add("A2A-Version", "1.0");
        using HttpResponseMessage response = await _anybody.SendAsync(request, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.That(response.StatusCode, Is.EqualTo(expected), text);
        return text;
    }

    private static HttpRequestMessage Mcp(string method, object values)
    {
        HttpRequestMessage request = Request(
            Anna, HttpMethod.Post, "/mcp", new { jsonrpc = "2.0", id = 1, method, @params = values });
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", "2025-06-18");
        return request;
    }

    private static HttpRequestMessage Request(string caller, HttpMethod method, string address, object? body)
    {
        var request = new HttpRequestMessage(method, address) { Content = body is null ? null : JsonContent.Create(body) };
        string principal = $$"""
            {"auth_typ":"aad","name_typ":"name","role_typ":"roles",
            "claims":[{"typ":"name","val":"{{caller}}"},{"typ":"roles","val":"submitter"}]}
            """;
        request.Headers.Add("X-MS-CLIENT-PRINCIPAL", Convert.ToBase64String(Encoding.UTF8.GetBytes(principal)));
        return request;
    }
}
