using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentFunctions.Records;
using AgentFunctions.TestKit;
using AgentFunctions.Views;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>
/// The dashboard through the one route that an app's HTTP trigger has, with Durable Task as the engine and Azurite as the stores:
/// the page, who the browser is, a run while it works, and all that the page asks about it.
/// </summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed partial class DashboardTests
{
    private readonly SemaphoreSlim _goOn = new(0);
    private ServedApp _app = null!;
    private HttpClient _http = null!;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _app = await ServedApp.StartAsync(
            request => !request.Body.GetRawText().Contains("Look twice", StringComparison.Ordinal)
                ? ChatReply.Say("done")
                : request.Turn == 0
                    ? ChatReply.Call("look", new { at = "the tree" }) with { Before = token => _goOn.WaitAsync(token) }
                    : ChatReply.Say("Looked at it."),
            Cancel);
        _http = _app.Http;
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _goOn.Dispose();
    }

    [Test]
    public async Task Page_ThroughTheOneRoute_IsServedWithItsFilesToAnybody()
    {
        var still = new HttpClientHandler { AllowAutoRedirect = false };
        using var anybody = new HttpClient(still) { BaseAddress = _http.BaseAddress };
        using HttpResponseMessage root = await anybody.GetAsync("/", Cancel);
        using var asked = new HttpRequestMessage(HttpMethod.Get, "/dashboard/runs/x");
        asked.Headers.Accept.ParseAdd("text/html");
        using HttpResponseMessage shell = await anybody.SendAsync(asked, Cancel);
        string html = await shell.Content.ReadAsStringAsync(Cancel);
        using HttpResponseMessage script = await anybody.GetAsync($"/dashboard/{Version().Match(html).Value}/app.js", Cancel);
        using HttpResponseMessage head = await anybody.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/dashboard/"), Cancel);
        JsonElement session = await anybody.GetFromJsonAsync<JsonElement>("/api/session", Cancel);
        JsonElement own = await _http.GetFromJsonAsync<JsonElement>("/api/session", Cancel);
        using HttpResponseMessage runs = await anybody.GetAsync("/api/runs/rows", Cancel);

        Assert.That((root.StatusCode, root.Headers.Location?.ToString()), Is.EqualTo((HttpStatusCode.Found, "dashboard/")));
        Assert.That((shell.StatusCode, shell.Headers.Contains("Content-Security-Policy")), Is.EqualTo((HttpStatusCode.OK, true)));
        Assert.That(
            (script.StatusCode, script.Headers.CacheControl!.ToString()),
            Is.EqualTo((HttpStatusCode.OK, "public, max-age=31536000, immutable")));
        Assert.That(head.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(
            (session.GetProperty("required").GetBoolean(), session.GetProperty("caller").ValueKind),
            Is.EqualTo((true, JsonValueKind.Null)));
        Assert.That(own.GetProperty("host").GetProperty("engine").GetString(), Is.EqualTo("shared"));
        Assert.That(runs.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task Run_WatchedLive_IsWholeAfterwardsInAllThatThePageAsks()
    {
        using HttpResponseMessage submitted = await _http.PostAsJsonAsync("/api/runs", new { goal = "Look twice" }, Cancel);
        string run = (await submitted.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()!;
        using HttpResponseMessage events = await _http.GetAsync(
            $"/api/runs/{run}/events?live=true", HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var reader = new StreamReader(await events.Content.ReadAsStreamAsync(Cancel));
        await UntilAsync(reader, "event: run.state");
        _goOn.Release();
        await UntilAsync(reader, "event: run.ended");

        await _app.Get<RunReader>().WaitForEndAsync(run, Cancel);
        JsonElement row = (await GetAsync($"/api/runs/rows?ids={run}")).GetProperty("runs")[0];
        JsonElement last = await GetAsync($"/api/runs/{run}/transcript?before=1000000&limit=1");
        JsonElement found = await GetAsync($"/api/runs/{run}/transcript?q=saw%20the%20tree");
        JsonElement shown = await GetAsync($"/api/runs/{run}/shown?turn=2");
        JsonElement usage = (await GetAsync("/api/usage?by=agent")).GetProperty("rows")[0];
        string since = Uri.EscapeDataString(row.GetProperty("createdAt").GetString()!);
        JsonElement audit = await GetAsync($"/api/audit?run={run}&newest=true&limit=1&since={since}");
        using HttpResponseMessage forked = await _http.PostAsJsonAsync($"/api/runs/{run}/fork", new { turn = 1 }, Cancel);
        string fork = (await forked.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()!;
        JsonElement lineage = await GetAsync($"/api/runs/{run}/lineage");

        Assert.That(row.GetProperty("status").GetString(), Is.EqualTo("completed"));
        Assert.That(
            last.GetProperty("messages")[0].GetProperty("contents")[0].GetProperty("text").GetString(),
            Is.EqualTo("Looked at it."));
        Assert.That(found.GetProperty("messages").GetArrayLength(), Is.EqualTo(1));
        Assert.That(shown.GetProperty("messages").GetArrayLength(), Is.EqualTo(3));
        Assert.That(usage.GetProperty("key").GetString(), Is.EqualTo("helper"));
        Assert.That(audit.GetProperty("items")[0].GetProperty("type").GetString(), Is.EqualTo("run.ended"));
        Assert.That(lineage.GetProperty("descendants")[0].GetProperty("id").GetString(), Is.EqualTo(fork));
        Assert.That((await GetAsync($"/api/runs/{run}")).GetProperty("rev").ValueKind, Is.EqualTo(JsonValueKind.Number));
    }

    [Test]
    public async Task Ticket_OfAFile_DownloadsItOnceWithoutCredentials()
    {
        using HttpResponseMessage submitted = await _http.PostAsJsonAsync("/api/runs", new { goal = "Say it" }, Cancel);
        string run = (await submitted.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()!;
        await _app.Get<RunReader>().WaitForEndAsync(run, Cancel);
        await _app.Get<ArtifactStore>().SaveAsync(
            run, "report.txt", "text/plain", "all of it"u8.ToArray(), cancellationToken: Cancel);
        string path = $"/api/runs/{run}/artifacts/report.txt";

        using HttpResponseMessage ticket = await _http.PostAsJsonAsync("/api/tickets", new { path }, Cancel);
        string url = (await ticket.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("url").GetString()!;
        using var anybody = new HttpClient { BaseAddress = _http.BaseAddress };
        using HttpResponseMessage file = await anybody.GetAsync(url, Cancel);
        using HttpResponseMessage without = await anybody.GetAsync(path, Cancel);
        string elsewhere = url.Replace("report.txt", "other.txt", StringComparison.Ordinal);
        using HttpResponseMessage other = await anybody.GetAsync(elsewhere, Cancel);

        Assert.That(await file.Content.ReadAsStringAsync(Cancel), Is.EqualTo("all of it"));
        Assert.That(file.Content.Headers.ContentDisposition!.DispositionType, Is.EqualTo("attachment"));
        Assert.That(
            (without.StatusCode, other.StatusCode), Is.EqualTo((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)));
    }

    private Task<JsonElement> GetAsync(string address) => _http.GetFromJsonAsync<JsonElement>(address, Cancel);

    private static async Task UntilAsync(StreamReader reader, string line)
    {
        while (await reader.ReadLineAsync(Cancel) is { } read)
        {
            if (read == line)
            {
                return;
            }
        }

        throw new AssertionException($"The stream ended before '{line}'.");
    }

    [GeneratedRegex("-/[0-9a-zA-Z_-]+(?=/)")]
    private static partial Regex Version();
}
