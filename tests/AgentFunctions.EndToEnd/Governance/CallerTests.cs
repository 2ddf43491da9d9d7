using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Governance;

[CancelAfter(300_000)]
internal sealed class CallerTests
{
    [Test]
    public async Task Keys_FirstOneMade_CallsWithoutAKeyEndAndEachCallerSeesItsOwnRuns(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("done"));
        await using ApiHost host = await ApiHost.StartAsync(model);
        HttpResponseMessage noAdmin = await host.Http.PostAsJsonAsync("/api/keys",
            new { name = "a", roles = new[] { "submitter" } }, cancellationToken);
        Assert.That(noAdmin.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest), "nobody could make the next one");
        string root = await KeyAsync(host.Http, "root", "admin");
        using HttpClient admin = With(host, root);
        using HttpClient anna = With(host, await KeyAsync(admin, "anna", "submitter"));
        using HttpClient ben = With(host, await KeyAsync(admin, "ben", "submitter"));
        using HttpClient viewer = With(host, await KeyAsync(admin, "vera", "viewer"));

        string runId = (await (await anna.PostAsJsonAsync("/api/runs", new { goal = "Go." }, cancellationToken))
            .Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;

        Assert.Multiple(async () =>
        {
            Assert.That((await host.Http.GetAsync(new Uri("/api/runs", UriKind.Relative), cancellationToken)).StatusCode,
                Is.EqualTo(HttpStatusCode.Unauthorized));
            Assert.That(await StatusAsync(anna, HttpMethod.Get, $"/api/runs/{runId}"), Is.EqualTo(200));
            Assert.That(await StatusAsync(ben, HttpMethod.Get, $"/api/runs/{runId}"), Is.EqualTo(404));
            Assert.That(await StatusAsync(ben, HttpMethod.Get, $"/api/runs/{runId}/transcript"), Is.EqualTo(404));
            Assert.That(await StatusAsync(ben, HttpMethod.Post, $"/api/runs/{runId}/cancel"), Is.EqualTo(404));
            Assert.That(await StatusAsync(ben, HttpMethod.Get, $"/api/audit?run={runId}"), Is.EqualTo(403));
            Assert.That(await StatusAsync(viewer, HttpMethod.Get, $"/api/runs/{runId}"), Is.EqualTo(200));
            Assert.That(await StatusAsync(viewer, HttpMethod.Post, $"/api/runs/{runId}/cancel"), Is.EqualTo(403));
            Assert.That(await StatusAsync(anna, HttpMethod.Get, "/api/keys"), Is.EqualTo(403));
            Assert.That((await ben.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken)).GetProperty("runs")
                .GetArrayLength(), Is.Zero);
            Assert.That((await admin.GetFromJsonAsync<JsonElement>("/api/audit/verify", cancellationToken)).GetProperty("holds")
                .GetBoolean(), Is.True);
        });
        Assert.That(await StatusAsync(admin, HttpMethod.Delete, "/api/keys/ben"), Is.EqualTo(204));
        Assert.That(await StatusAsync(ben, HttpMethod.Get, "/api/runs"), Is.EqualTo(401));
        Assert.That(await StatusAsync(admin, HttpMethod.Delete, "/api/keys/root"), Is.EqualTo(400), "the last administrator");
    }

    [TestCase("100")]
    [TestCase("600000")]
    public async Task Events_KeyIsWithdrawnWhileARunIsFollowed_TheStreamEnds(string heartbeat,
        CancellationToken cancellationToken)
    {
        var goOn = new TaskCompletionSource();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(
            _ => ChatReply.Say("confidential") with { Before = token => goOn.Task.WaitAsync(token) });
        await using ApiHost host = await ApiHost.StartAsync(
            model, options => options.Heartbeat = TimeSpan.FromMilliseconds(int.Parse(heartbeat, CultureInfo.InvariantCulture)));
        using HttpClient admin = With(host, await KeyAsync(host.Http, "root", "admin"));
        using HttpClient viewer = With(host, await KeyAsync(admin, "vera", "viewer"));
        string id = await admin.SubmitGoalAsync("x");
        await using Stream stream = await viewer.GetStreamAsync(new Uri($"/api/runs/{id}/events", UriKind.Relative),
            cancellationToken);
        using var reader = new StreamReader(stream);
        Assert.That(await reader.ReadLineAsync(cancellationToken), Is.EqualTo("id: 0"));

        Assert.That(await StatusAsync(admin, HttpMethod.Delete, "/api/keys/vera"), Is.EqualTo(204));
        if (heartbeat == "600000")
        {
            // What an answer of a moment ago allowed is over; then something happens that the follower must not hear.
            await Task.Delay(TimeSpan.FromSeconds(1.1), cancellationToken);
            goOn.SetResult();
        }

        // With a heartbeat the stream ends though nothing happens.
        string rest = await reader.ReadToEndAsync(cancellationToken);
        Assert.That(rest, Does.Not.Contain("confidential").And.Not.Contain("run.ended"));
        goOn.TrySetResult();
    }

    [Test]
    public async Task FunctionsPrincipal_Trusted_IsTheCaller(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(null, options => options.TrustFunctionsPrincipal = true);
        string principal = Convert.ToBase64String(Encoding.UTF8.GetBytes(
            """{"auth_typ":"aad","name_typ":"name","role_typ":"roles","claims":[{"typ":"name","val":"anna@corp.example"},{"typ":"roles","val":"submitter"},{"typ":"roles","val":"*"}]}"""));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/keys");
        request.Headers.Add("X-MS-CLIENT-PRINCIPAL", principal);

        Assert.That((await host.Http.SendAsync(request, cancellationToken)).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden),
            "recognised, and no administrator");
        Assert.That(await StatusAsync(host.Http, HttpMethod.Get, "/api/runs"), Is.EqualTo(401));
    }

    private static async Task<int> StatusAsync(HttpClient http, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        using HttpResponseMessage response = await http.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static async Task<string> KeyAsync(HttpClient http, string name, string role)
    {
        HttpResponseMessage made = await http.PostAsJsonAsync("/api/keys", new { name, roles = new[] { role } });
        Assert.That(made.StatusCode, Is.EqualTo(HttpStatusCode.Created), await made.Content.ReadAsStringAsync());
        return (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
    }

    private static HttpClient With(ApiHost host, string key)
    {
        var http = new HttpClient { BaseAddress = host.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }
}
