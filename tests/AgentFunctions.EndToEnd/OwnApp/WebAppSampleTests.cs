using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.OwnApp;

/// <summary>
/// A team's app as a process of its own: two users, one by cookie and one by token, with the runtime below <c>/agents</c>.
/// </summary>
[CancelAfter(300_000)]
internal sealed class WebAppSampleTests
{
    private const string Page = "https://pages.example.org";

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Refund_AskedForByAnna_IsApprovedByBobAloneAndTheAuditNamesBoth()
    {
        await using ProgramProcess app = Start([]);
        Uri address = await AddressAsync(app);
        using HttpClient anna = await BrowserAsync(address, "anna");
        using HttpClient bob = await ProgramAsync(address, "bob");

        using HttpResponseMessage submitted = await anna.PostAsJsonAsync("/agents/api/runs",
            new { agent = "clerk", goal = "Order 4711 is lost." }, Cancel);
        Assert.That(submitted.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await submitted.Content.ReadAsStringAsync(Cancel));
        string run = submitted.Headers.Location!.OriginalString;
        Assert.That(run, Does.StartWith("/agents/api/runs/"));
        string approval = await ApprovalAsync(bob, run);

        using HttpResponseMessage own = await DecideAsync(anna, approval);
        Assert.That(await own.ProblemAsync(403), Is.EqualTo("notAllowed"));
        using HttpResponseMessage key = await anna.PostAsJsonAsync("/agents/api/keys",
            new { name = "anna", roles = new[] { "admin" } }, Cancel);
        Assert.That(await key.ProblemAsync(403), Is.EqualTo("notAllowed"));
        using HttpResponseMessage bobs = await DecideAsync(bob, approval);
        Assert.That(bobs.StatusCode, Is.EqualTo(HttpStatusCode.OK), await bobs.Content.ReadAsStringAsync(Cancel));
        using (HttpResponseMessage events = await anna.GetAsync(run + "/events", Cancel))
        {
            Assert.That(await events.Content.ReadAsStringAsync(Cancel), Does.Contain("run.ended"));
        }

        JsonNode ended = await anna.GetJsonAsync(run);
        Assert.That((string)ended["result"]!["text"]!, Does.Contain("Order 4711 was paid back"));
        string audit = (await bob.GetJsonAsync($"/agents/api/audit?run={ended["id"]}")).ToJsonString();
        Assert.That(audit, Does.Contain("\"user:anna\"").And.Contain("\"user:bob\"").And.Not.Contain("\"local\""));
    }

    [Test]
    public async Task App_BesideTheRuntime_KeepsItsOwnEndpointsAndDocument()
    {
        await using ProgramProcess app = Start([]);
        Uri address = await AddressAsync(app);
        using HttpClient anna = await BrowserAsync(address, "anna");
        using var nobody = new HttpClient { BaseAddress = address };

        Assert.That(await nobody.GetStringAsync("/health", Cancel), Is.EqualTo("ok"));
        Assert.That((await anna.GetJsonAsync("/api/orders"))[0]!["number"]!.ToString(), Is.EqualTo("4711"));
        using HttpResponseMessage orders = await nobody.GetAsync("/api/orders", Cancel);
        Assert.That((int)orders.StatusCode, Is.AnyOf(302, 401, 404), "as the app's own sign-in has it");
        string own = await nobody.GetStringAsync("/openapi/v1.json", Cancel);
        Assert.That(own, Does.Contain("/api/orders").And.Not.Contain("/agents/api/runs"));
        string runtime = await anna.GetStringAsync("/agents/openapi/agentfunctions.json", Cancel);
        Assert.That(runtime, Does.Contain("\"/agents/api/runs\"").And.Not.Contain("/api/orders"));
        using HttpResponseMessage runs = await nobody.GetAsync("/agents/api/runs", Cancel);
        Assert.That(runs.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That((await nobody.GetJsonAsync("/agents/health/ready"))["status"]!.ToString(), Is.EqualTo("ok"));
    }

    [TestCase(null, 403, 403)]
    [TestCase(Page, 202, 403)]
    public async Task Page_OfAnotherOrigin_CallsWithATokenOnlyWhereTheSettingAllowsIt(string? origin, int withToken,
        int withCookie)
    {
        await using ProgramProcess app = Start(origin is null ? [] : new() { ["Api__Origins__0"] = origin });
        Uri address = await AddressAsync(app);
        using HttpClient token = await ProgramAsync(address, "anna");
        using HttpClient cookie = await BrowserAsync(address, "anna");

        Assert.That(await FromPageAsync(token), Is.EqualTo(withToken));
        Assert.That(await FromPageAsync(cookie), Is.EqualTo(withCookie));

        static async Task<int> FromPageAsync(HttpClient http)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/agents/api/runs")
            {
                Content = JsonContent.Create(new { agent = "clerk", goal = "x" }),
            };
            request.Headers.Add("Origin", Page);
            request.Headers.Add("Sec-Fetch-Site", "cross-site");
            using HttpResponseMessage answer = await http.SendAsync(request, Cancel);
            return (int)answer.StatusCode;
        }
    }

    private static ProgramProcess Start(Dictionary<string, string> environment) =>
        ProgramProcess.StartSample("WebApp", environment, "--urls", "http://127.0.0.1:0");

    private static async Task<Uri> AddressAsync(ProgramProcess app)
    {
        string line = await app.LineAsync(static line => line.StartsWith("Listening on ", StringComparison.Ordinal));
        return new Uri(line["Listening on ".Length..line.IndexOf(';', StringComparison.Ordinal)]);
    }

    private static async Task<HttpClient> BrowserAsync(Uri address, string user)
    {
        var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = address };
        using HttpResponseMessage signedIn = await http.PostAsJsonAsync("/login", new { user, password = "demo" }, Cancel);
        Assert.That(signedIn.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return http;
    }

    private static async Task<HttpClient> ProgramAsync(Uri address, string user)
    {
        var http = new HttpClient { BaseAddress = address };
        using HttpResponseMessage token = await http.PostAsJsonAsync("/token", new { user, password = "demo" }, Cancel);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer",
            await token.Content.ReadAsStringAsync(Cancel));
        return http;
    }

    private static async Task<string> ApprovalAsync(HttpClient http, string run)
    {
        JsonNode asked = await Poll.ForAsync(
            async () => (await http.GetJsonAsync("/agents/api/approvals"))["items"]!.AsArray()
                .FirstOrDefault(item => run.EndsWith((string)item!["run"]!, StringComparison.Ordinal)),
            Cancel);
        return (string)asked["id"]!;
    }

    private static Task<HttpResponseMessage> DecideAsync(HttpClient http, string approval) =>
        http.PostAsJsonAsync($"/agents/api/approvals/{approval}", new { decision = "approve" }, Cancel);
}
