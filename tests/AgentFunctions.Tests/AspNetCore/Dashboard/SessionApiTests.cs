using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.AspNetCore;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.AspNetCore.Dashboard;

/// <summary>Who a page's caller is, and addresses that a browser follows without credentials.</summary>
[CancelAfter(300_000)]
internal sealed class SessionApiTests
{
    private const string Key = "0123456789abcdef-key";

    [Test]
    public async Task Session_OnThisMachineWithoutKeys_IsTheLocalCaller()
    {
        await using ApiHost host = await StartAsync();
        JsonElement session = await host.Client.GetFromJsonAsync<JsonElement>("/api/session");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(session.GetProperty("caller").GetProperty("id").GetString(), Is.EqualTo("local"));
            Assert.That(session.GetProperty("required").GetBoolean(), Is.False);
            Assert.That(session.GetProperty("ways").GetArrayLength(), Is.Zero);
            Assert.That(session.GetProperty("host").GetProperty("engine").GetString(), Is.EqualTo("embedded"));
        }
    }

    [Test]
    public async Task Session_WithAndWithoutTheKey_SaysWhoCallsAndHowToSignIn()
    {
        await using ApiHost host = await StartAsync(static options =>
        {
            options.Key = Key;
            options.Oidc.Add(new OidcOptions
            {
                Issuer = "https://login.example.org",
                Audience = "agents",
                Name = "corp",
                DashboardClientId = "page"
            });
            options.Oidc.Add(new OidcOptions { Issuer = "https://other.example.org", Audience = "agents", Name = "other" });
        });
        JsonElement nobody = await host.Client.GetFromJsonAsync<JsonElement>("/api/session");
        JsonElement wrong = await AsAsync(host, "no-such-key-at-all");
        JsonElement right = await AsAsync(host, Key);

        using (Assert.EnterMultipleScope())
        {
            foreach (JsonElement session in new[] { nobody, wrong })
            {
                Assert.That(session.GetProperty("caller").ValueKind, Is.EqualTo(JsonValueKind.Null));
                Assert.That(session.TryGetProperty("host", out _), Is.False);
                Assert.That(session.GetProperty("required").GetBoolean(), Is.True);
                Assert.That(session.GetProperty("ways").GetRawText(), Is.EqualTo(
                    """[{"kind":"oidc","name":"corp","authority":"https://login.example.org","clientId":"page","scope":"openid offline_access"},{"kind":"key"}]"""));
            }

            Assert.That(right.GetProperty("caller").GetProperty("id").GetString(), Is.EqualTo("host-key"));
            Assert.That(right.GetProperty("host").GetProperty("version").GetString(), Is.Not.Empty);
        }
    }

    [Test]
    public async Task Session_BehindThePlatform_NamesItsSignIn()
    {
        await using ApiHost host = await StartAsync(static options => options.TrustFunctionsPrincipal = true);
        JsonElement session = await host.Client.GetFromJsonAsync<JsonElement>("/api/session");

        Assert.That(session.GetProperty("ways").GetRawText(), Is.EqualTo("""[{"kind":"platform","login":"/.auth/login/aad"}]"""));
    }

    [Test]
    public async Task Session_GuessedAt_IsBounded()
    {
        await using ApiHost host = await StartAsync(static options => (options.Key, options.RequestsPerSecond) = (Key, 1));
        HttpStatusCode[] statuses = await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ =>
        {
            using HttpResponseMessage response = await host.Client.GetAsync("/api/session");
            return response.StatusCode;
        }));

        Assert.That(statuses, Has.Some.EqualTo(HttpStatusCode.TooManyRequests));
    }

    [Test]
    public async Task Ticket_ForAFile_ReadsThatFileAloneForAMinute()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using ApiHost host = await StartAsync(static options => options.Key = Key, time);
        string id = await FileAsync(host);
        string path = $"/api/runs/{id}/artifacts/a-b.html";
        string url = (await TicketAsync(host, path)).GetProperty("url").GetString()!;

        using HttpResponseMessage file = await host.Client.GetAsync(url);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(file.StatusCode, Is.EqualTo(HttpStatusCode.OK), url);
            Assert.That(file.Content.Headers.ContentDisposition!.DispositionType, Is.EqualTo("attachment"));
            Assert.That(file.Headers.GetValues("Content-Security-Policy").Single(), Is.EqualTo("default-src 'none'; sandbox"));
            Assert.That(file.Headers.CacheControl!.NoStore, Is.True);
        }

        string ticket = url[(url.IndexOf('?', StringComparison.Ordinal) + 1)..];
        foreach (string other in new[] { $"/api/runs/{id}?{ticket}", $"/api/runs?{ticket}", $"{path}?x=1&{ticket}",
            $"{path}?{ticket}x", $"{path}?ticket=none" })
        {
            using HttpResponseMessage refused = await host.Client.GetAsync(other);
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), other);
        }

        using HttpResponseMessage change = await host.Client.PostAsync($"/api/runs/{id}/cancel?{ticket}", null);
        Assert.That(change.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));

        time.Advance(TimeSpan.FromSeconds(61));
        using HttpResponseMessage late = await host.Client.GetAsync(url);
        Assert.That(late.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task Ticket_OfACaller_ReadsNothingThatTheCallerMayNot()
    {
        await using ApiHost host = await StartAsync(static options => options.Key = Key);
        string id = await FileAsync(host);
        await host.Get<ApiKeys>().AddAsync("root", [CallerRoles.Admin], Caller.Local);
        string key = await host.Get<ApiKeys>().AddAsync("eve", [CallerRoles.Submitter], Caller.Local);
        string url = (await TicketAsync(host, $"/api/runs/{id}", key)).GetProperty("url").GetString()!;
        using HttpResponseMessage refused = await host.Client.GetAsync(url);

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.NotFound).Or.EqualTo(HttpStatusCode.Forbidden));
    }

    [TestCase("/health/live")]
    [TestCase("//evil.example/api/runs")]
    [TestCase("https://evil.example/api/runs")]
    [TestCase("/api/runs?ticket=x")]
    [TestCase("/api/runs#x")]
    [TestCase("")]
    [TestCase(null)]
    public async Task Ticket_ForNoPathOfTheApi_IsRefused(string? path)
    {
        await using ApiHost host = await StartAsync();
        using HttpResponseMessage refused = await host.Client.PostAsJsonAsync("/api/tickets", new { path });
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("path: "));
    }

    [Test]
    public async Task Answer_ThatTheClientHas_IsNotSentAgain()
    {
        await using ApiHost host = await StartAsync();
        await FileAsync(host);
        using HttpResponseMessage first = await host.Client.GetAsync("/api/runs");
        using HttpResponseMessage second = await SendAsync(host, HttpMethod.Get, first.Headers.ETag);
        await FileAsync(host);
        using HttpResponseMessage third = await SendAsync(host, HttpMethod.Get, first.Headers.ETag);
        using HttpResponseMessage head = await SendAsync(host, HttpMethod.Head, null);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(second.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
            Assert.That(await second.Content.ReadAsByteArrayAsync(), Is.Empty);
            Assert.That(third.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(head.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(head.Headers.ETag, Is.EqualTo(third.Headers.ETag));
            Assert.That(await head.Content.ReadAsByteArrayAsync(), Is.Empty);
        }
    }

    [TestCase("br", "br")]
    [TestCase("gzip", "gzip")]
    [TestCase("br", "", "cross-site")]
    public async Task Answer_ThatIsLong_IsCompressedForPagesOfThisOrigin(string accepted, string used, string? site = null)
    {
        await using ApiHost host = await StartAsync();
        foreach (int _ in Enumerable.Range(0, 3))
        {
            await FileAsync(host);
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.Add("Accept-Encoding", accepted);
        if (site is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", site);
        }

        using HttpResponseMessage response = await host.Client.SendAsync(request);
        Assert.That(string.Join(',', response.Content.Headers.ContentEncoding), Is.EqualTo(used));
        Assert.That(response.Headers.Vary, Does.Contain("Accept-Encoding"));
        using var unpacked = new HttpClient(new HttpClientHandler { AutomaticDecompression = DecompressionMethods.All }) { BaseAddress = host.Client.BaseAddress };
        Assert.That((await unpacked.GetFromJsonAsync<JsonElement>("/api/runs")).GetProperty("runs").GetArrayLength(),
            Is.EqualTo(3));
    }

    [Test]
    public async Task Events_AskedForTheirHead_AreNotFollowed()
    {
        await using ApiHost host = await StartAsync();
        string id = await FileAsync(host);
        using var head = new HttpRequestMessage(HttpMethod.Head, $"/api/runs/{id}/events?live=true");
        using HttpResponseMessage response = await host.Client.SendAsync(head);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    private static Task<ApiHost> StartAsync(Action<ApiOptions>? options = null, TimeProvider? time = null) =>
        ApiHost.StartAsync(static _ => ChatReply.Say("done"), configure: builder =>
        {
            builder.Services.Configure<ApiOptions>(value => options?.Invoke(value));
            if (time is not null)
            {
                builder.Services.Replace(ServiceDescriptor.Singleton(time));
            }
        });

    private static async Task<string> FileAsync(ApiHost host)
    {
        AgentFunctions.Runs.Run run = await host.Get<AgentGateway>().SubmitAsync(new RunRequest { Goal = "Go." }, Caller.Local);
        await host.Get<AgentFunctions.Views.RunReader>().WaitForEndAsync(run.Id);
        await host.Get<ArtifactStore>().SaveAsync(run.Id, "a-b.html", "text/html", "<script>x</script>"u8.ToArray());
        return run.Id;
    }

    private static async Task<JsonElement> TicketAsync(ApiHost host, string path, string key = Key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/tickets")
        {
            Content = JsonContent.Create(new { path }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage response = await host.Client.SendAsync(request);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task<JsonElement> AsAsync(ApiHost host, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/session");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage response = await host.Client.SendAsync(request);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static Task<HttpResponseMessage> SendAsync(ApiHost host, HttpMethod method, EntityTagHeaderValue? known)
    {
        var request = new HttpRequestMessage(method, "/api/runs");
        if (known is not null)
        {
            request.Headers.IfNoneMatch.Add(known);
        }

        return host.Client.SendAsync(request);
    }
}
