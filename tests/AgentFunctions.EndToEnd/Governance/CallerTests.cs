using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.Gateway;
using AgentFunctions.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Governance;

[CancelAfter(300_000)]
internal sealed class CallerTests
{
    [Test]
    public async Task Keys_FirstOneMade_CallsWithoutAKeyEndAndEachCallerSeesItsOwnRuns(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("done"));
        await using ApiHost host = await ApiHost.StartAsync(model);
        HttpResponseMessage noAdmin = await host.Http.PostAsJsonAsync("/api/keys", new { name = "a", roles = new[] { "submitter" } }, cancellationToken);
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
            Assert.That((await host.Http.GetAsync(new Uri("/api/runs", UriKind.Relative), cancellationToken)).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
            Assert.That(await StatusAsync(anna, HttpMethod.Get, $"/api/runs/{runId}"), Is.EqualTo(200));
            Assert.That(await StatusAsync(ben, HttpMethod.Get, $"/api/runs/{runId}"), Is.EqualTo(404));
            Assert.That(await StatusAsync(ben, HttpMethod.Get, $"/api/runs/{runId}/transcript"), Is.EqualTo(404));
            Assert.That(await StatusAsync(ben, HttpMethod.Post, $"/api/runs/{runId}/cancel"), Is.EqualTo(404));
            Assert.That(await StatusAsync(ben, HttpMethod.Get, $"/api/audit?run={runId}"), Is.EqualTo(403));
            Assert.That(await StatusAsync(viewer, HttpMethod.Get, $"/api/runs/{runId}"), Is.EqualTo(200));
            Assert.That(await StatusAsync(viewer, HttpMethod.Post, $"/api/runs/{runId}/cancel"), Is.EqualTo(403));
            Assert.That(await StatusAsync(anna, HttpMethod.Get, "/api/keys"), Is.EqualTo(403));
            Assert.That((await ben.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken)).GetProperty("runs").GetArrayLength(), Is.Zero);
            Assert.That((await admin.GetFromJsonAsync<JsonElement>("/api/audit/verify", cancellationToken)).GetProperty("holds").GetBoolean(), Is.True);
        });
        Assert.That(await StatusAsync(admin, HttpMethod.Delete, "/api/keys/ben"), Is.EqualTo(204));
        Assert.That(await StatusAsync(ben, HttpMethod.Get, "/api/runs"), Is.EqualTo(401));
        Assert.That(await StatusAsync(admin, HttpMethod.Delete, "/api/keys/root"), Is.EqualTo(400), "the last administrator");
    }

    [Test]
    public async Task FunctionsPrincipal_Trusted_IsTheCaller(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(null, options => options.TrustFunctionsPrincipal = true);
        string principal = Convert.ToBase64String(Encoding.UTF8.GetBytes(
            """{"auth_typ":"aad","name_typ":"name","role_typ":"roles","claims":[{"typ":"name","val":"anna@corp.example"},{"typ":"roles","val":"submitter"},{"typ":"roles","val":"*"}]}"""));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/keys");
        request.Headers.Add("X-MS-CLIENT-PRINCIPAL", principal);

        Assert.That((await host.Http.SendAsync(request, cancellationToken)).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden), "recognised, and no administrator");
        Assert.That(await StatusAsync(host.Http, HttpMethod.Get, "/api/runs"), Is.EqualTo(401));
    }

    /// <summary>Random requests over every route with every role: nothing breaks, nobody reads what is another's, no refusal changes anything.</summary>
    [Test]
    public async Task Fuzz_TenThousandRequests_NoServerErrorNoForeignRun(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("done"));
        await using ApiHost host = await ApiHost.StartAsync(model);
        using HttpClient admin = With(host, await KeyAsync(host.Http, "root", "admin"));
        var keys = host.Services.GetRequiredService<ApiKeys>();
        (string Role, HttpClient Http)[] callers = [.. new[] { "submitter", "viewer", "operator", "approver", "auditor", "nobody" }
            .Select(role => (role, With(host, keys.AddAsync(role, [role], Caller.Local).GetAwaiter().GetResult()))), ("none", host.Http)];
        const string Hidden = "the goal that only the administrator may read";
        JsonElement secret = await (await admin.PostAsJsonAsync("/api/runs", new { goal = Hidden }, cancellationToken))
            .Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        string secretId = secret.GetProperty("id").GetString()!;
        string[] ids = [secretId, "nope", "..%2f..%2fetc", "%00", new string('x', 300), "é", "0"];
        (HttpMethod, string)[] routes =
        [
            (HttpMethod.Get, "/api/runs"), (HttpMethod.Post, "/api/runs"), (HttpMethod.Get, "/api/runs/{id}"), (HttpMethod.Get, "/api/runs/{id}/events?follow=false"),
            (HttpMethod.Get, "/api/runs/{id}/transcript"), (HttpMethod.Get, "/api/runs/{id}/artifacts"), (HttpMethod.Get, "/api/runs/{id}/artifacts/{id}"),
            (HttpMethod.Post, "/api/runs/{id}/cancel"), (HttpMethod.Get, "/api/agents"), (HttpMethod.Get, "/api/approvals"), (HttpMethod.Get, "/api/approvals/{id}"),
            (HttpMethod.Post, "/api/approvals/{id}"), (HttpMethod.Get, "/api/audit"), (HttpMethod.Get, "/api/audit?run={id}"), (HttpMethod.Get, "/api/audit/keys"),
            (HttpMethod.Get, "/api/kill"), (HttpMethod.Post, "/api/kill"), (HttpMethod.Post, "/api/kill/release"), (HttpMethod.Get, "/api/keys"),
            (HttpMethod.Post, "/api/keys"), (HttpMethod.Delete, "/api/keys/{id}"), (HttpMethod.Get, "/openapi/v1.json"),
        ];
        string[] bodies =
        [
            "", "{}", "[]", "null", "{\"goal\":", """{"goal":"x"}""", """{"goal":1}""", """{"goal":"x","agent":"nope"}""", """{"decision":"approve"}""",
            """{"decision":"deny","arguments":{}}""", """{"scope":"tool","name":"x"}""", """{"scope":"nonsense"}""", """{"scope":"all","name":"x"}""",
            """{"name":"x y","roles":["admin"]}""", """{"name":"root","roles":["admin"]}""", """{"goal":"\ud800"}""", """{"goal":"x","labels":{"a":null}}""",
            new string('[', 100), $$"""{"goal":"{{new string('x', 40_000)}}"}""",
        ];
        int refused = 0;
        var statuses = new SortedDictionary<int, int>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 10_000), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken }, async (_, token) =>
        {
            int Pick(int count)
            {
                lock (random)
                {
                    return random.Next(count);
                }
            }

            (string role, HttpClient http) = callers[Pick(callers.Length)];
            (HttpMethod method, string route) = routes[Pick(routes.Length)];
            string path = route.Replace("{id}", ids[Pick(ids.Length)], StringComparison.Ordinal);
            using var request = new HttpRequestMessage(method, path);
            if (method == HttpMethod.Post)
            {
                request.Content = new StringContent(bodies[Pick(bodies.Length)], Encoding.UTF8, Pick(8) == 0 ? "text/plain" : "application/json");
            }

            using HttpResponseMessage response = await http.SendAsync(request, token);
            string body = await response.Content.ReadAsStringAsync(token);
            lock (statuses)
            {
                statuses[(int)response.StatusCode] = statuses.GetValueOrDefault((int)response.StatusCode) + 1;
                refused += (int)response.StatusCode >= 400 ? 1 : 0;
            }

            Assert.That((int)response.StatusCode, Is.LessThan(500), $"{role}: {method} {path}: {body}");
            if (role is "submitter" or "approver" or "nobody" or "none")
            {
                Assert.That(body, Does.Not.Contain(Hidden), $"{role}: {method} {path}");
            }
        });

        TestContext.Out.WriteLine($"{refused} refused; {string.Join(", ", statuses.Select(pair => $"{pair.Key}: {pair.Value}"))}");
        JsonElement after = await admin.GetFromJsonAsync<JsonElement>("/api/keys", cancellationToken);
        Assert.That(after.GetProperty("items").EnumerateArray().Select(key => key.GetProperty("name").GetString()),
            Is.EquivalentTo(new[] { "root", "submitter", "viewer", "operator", "approver", "auditor", "nobody" }), "only the administrator makes and withdraws keys");
        Assert.That((await admin.GetFromJsonAsync<JsonElement>("/api/audit/verify", cancellationToken)).GetProperty("holds").GetBoolean(), Is.True);
        foreach ((_, HttpClient http) in callers[..^1])
        {
            http.Dispose();
        }
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
