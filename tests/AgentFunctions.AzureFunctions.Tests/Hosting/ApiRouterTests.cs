using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore;
using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

/// <summary>
/// The API behind one route that takes everything, as the worker has it: a real server around it, the embedded engine within.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(1_800_000)]
public sealed class ApiRouterTests
{
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [SetUp]
    public async Task StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration["Doors:Open"] = TestContext.CurrentContext.Test.Arguments is [_, _, string open] ? open : null;
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = SqliteEngineOptions.InMemory)
            .AddAgent(Agent.Create("helper").WithInstructions("Help."));
        AgentFunctionsApplicationExtensions.AddApi(builder.Services);
        _app = builder.Build();
        _app.Map("{*path}", context => context.RequestServices.GetRequiredService<ApiRouter>().InvokeAsync(context));
        await _app.StartAsync(Cancel);
        _http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    [TearDown]
    public async Task StopAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    [Test]
    public async Task Submit_ThenFollow_StreamsToTheEnd()
    {
        using HttpResponseMessage submitted = await _http.PostAsJsonAsync("/api/runs", new { goal = "Say hello." }, Cancel);
        Assert.That(submitted.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        JsonElement run = await submitted.Content.ReadFromJsonAsync<JsonElement>(Cancel);

        using HttpResponseMessage events = await _http.GetAsync(
            $"/api/runs/{run.GetProperty("id").GetString()}/events", HttpCompletionOption.ResponseHeadersRead, Cancel);

        Assert.That(events.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/event-stream"));
        Assert.That(await events.Content.ReadAsStringAsync(Cancel),
            Does.StartWith("retry: 1000\n\nid: 0\n").And.Contain("event: run.ended"));
    }

    [Test]
    public void Streams_ByDefault_EndAfterTenMinutes() =>
        Assert.That(_app.Services.GetRequiredService<IOptions<ApiOptions>>().Value.StreamLifetime,
            Is.EqualTo(TimeSpan.FromMinutes(10)));

    [TestCase("/v1/models", 200, null)]
    [TestCase("/agui/helper", 405, null)]
    [TestCase("/a2a", 200, "a2a, mcp")]
    [TestCase("/agui/helper", 404, "a2a, mcp")]
    [TestCase("/v1/models", 404, "none")]
    public async Task Doors_AreOpenAsTheSettingSays(string address, int expected, string? open)
    {
        using HttpResponseMessage answer = await _http.GetAsync(address, Cancel);

        Assert.That((int)answer.StatusCode, Is.EqualTo(expected), open);
    }

    [Test]
    public async Task Errors_AreProblemDetails()
    {
        using HttpResponseMessage none = await _http.GetAsync("/api/runs/none", Cancel);
        Assert.That(none.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await none.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("code").GetString(),
            Is.EqualTo("runNotFound"));

        using HttpResponseMessage noRoute = await _http.GetAsync("/api/none", Cancel);
        Assert.That(noRoute.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Guard_ForeignHostName_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.Host = "evil.example";

        using HttpResponseMessage answer = await _http.SendAsync(request, Cancel);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task OpenApi_HasTheRoutes()
    {
        JsonElement document = await _http.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel);

        Assert.That(document.GetProperty("paths").EnumerateObject().Select(path => path.Name),
            Does.Contain("/api/runs/{id}/events"));
    }
}
