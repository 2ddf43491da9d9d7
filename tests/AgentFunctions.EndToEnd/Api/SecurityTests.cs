using System.Net;
using System.Net.Http.Headers;
using AgentFunctions.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>Who may call.</summary>
[CancelAfter(300_000)]
internal sealed class SecurityTests
{
    private const string Key = "0123456789abcdef-key";

    [TestCase("http://0.0.0.0:0")]
    [TestCase("http://[::]:0")]
    [TestCase("http://*:0")]
    [TestCase("http://example.org:0")]
    public void Start_BeyondThisMachineWithoutAKey_IsRefused(string url)
    {
        AgentException? refusal = Assert.CatchAsync<AgentException>(() => ApiHost.StartAsync(url: url));
        Assert.That(refusal!.Code, Is.EqualTo(ErrorCode.InvalidInput));
        Assert.That(refusal.Message, Does.Contain("--api-key"));
    }

    [Test]
    public async Task Start_BeyondThisMachineWithAKey_ServesHoldersOfTheKey()
    {
        await using ApiHost host = await ApiHost.StartAsync(configure: options => options.Key = Key, url: "http://0.0.0.0:0");
        using HttpResponseMessage without = await host.Http.GetAsync("/api/runs");
        Assert.That(await without.ProblemAsync(401), Is.EqualTo("unauthorized"));
        Assert.That(without.Headers.WwwAuthenticate.Single().Scheme, Is.EqualTo("Bearer"));

        host.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key + "x");
        using HttpResponseMessage wrong = await host.Http.GetAsync("/api/runs");
        Assert.That(await wrong.ProblemAsync(401), Is.EqualTo("unauthorized"));

        host.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using HttpResponseMessage right = await host.Http.GetAsync("/api/runs");
        Assert.That(right.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Requests_ComingTooFast_AreRefusedToThatCallerAlone()
    {
        await using ApiHost host =
            await ApiHost.StartAsync(configure: options => (options.Key, options.RequestsPerSecond) = (Key, 1));
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(async _ =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
            return await host.Http.SendAsync(request);
        }));
        using HttpResponseMessage stranger = await host.Http.GetAsync("/api/runs");
        using HttpResponseMessage probe = await host.Http.GetAsync("/health/live");

        Assert.That(answers.Count(static answer => answer.StatusCode == HttpStatusCode.OK), Is.InRange(10, 20),
            "a burst of ten seconds");
        HttpResponseMessage refused = answers.First(static answer => answer.StatusCode != HttpStatusCode.OK);
        Assert.That(await refused.ProblemAsync(429), Is.EqualTo("quotaExceeded"));
        Assert.That(refused.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That((stranger.StatusCode, probe.StatusCode), Is.EqualTo((HttpStatusCode.Unauthorized, HttpStatusCode.OK)));
        Array.ForEach(answers, static answer => answer.Dispose());
    }

    [Test]
    public async Task Probe_WithoutTheKey_IsAnswered()
    {
        await using ApiHost host = await ApiHost.StartAsync(configure: options => options.Key = Key);
        using HttpResponseMessage ready = await host.Http.GetAsync("/health/ready");
        Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        using HttpResponseMessage document = await host.Http.GetAsync("/openapi/v1.json");
        Assert.That(document.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task Readiness_WithoutTheKey_NamesNoPath()
    {
        const string Words = "/srv/agents/policy.yaml: rules: 7 is no list";
        await using ApiHost host = await ApiHost.StartAsync(
            configure: options => options.Key = Key,
            build: builder => builder.Services.AddSingleton<IReadinessCheck>(new FixedReadiness(Words,
                ReadinessStatus.Degraded)));
        await using ApiHost broken = await ApiHost.StartAsync(
            configure: options => options.Key = Key,
            build: builder => builder.Services.AddSingleton<IReadinessCheck>(new FixedReadiness(Words, ReadinessStatus.Failed)));
        foreach ((ApiHost one, int status) in new[] { (host, 200), (broken, 503) })
        {
            using HttpResponseMessage anonymous = await one.Http.GetAsync("/health/ready");
            one.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "0123456789abcdef-no");
            using HttpResponseMessage wrong = await one.Http.GetAsync("/health/ready");
            one.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
            using HttpResponseMessage known = await one.Http.GetAsync("/health/ready");

            Assert.That(new[] { anonymous, wrong, known }.Select(static answer => (int)answer.StatusCode),
                Is.All.EqualTo(status));
            Assert.That(await anonymous.Content.ReadAsStringAsync(), Does.Contain("mine").And.Not.Contain("/srv"));
            Assert.That(await wrong.Content.ReadAsStringAsync(), Does.Not.Contain("/srv"));
            Assert.That(await known.Content.ReadAsStringAsync(), Does.Contain("/srv/agents/policy.yaml"));
        }
    }

    private sealed class FixedReadiness(string message, ReadinessStatus status) : IReadinessCheck
    {
        public Task<IReadOnlyList<ReadinessItem>> CheckAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ReadinessItem>>([new ReadinessItem("mine", Status: status, Message: message)]);
    }

    [TestCase("localhost", 200)]
    [TestCase("127.0.0.1:1", 200)]
    [TestCase("[::1]", 200)]
    [TestCase("proxy.example.org", 200)]
    [TestCase("attacker.example.org", 403)]
    [TestCase("localhost.attacker.example.org", 403)]
    [TestCase("10.0.0.1", 403)]
    public async Task Request_UnderAHostName_IsServedOnlyUnderThisMachinesOwn(string name, int status)
    {
        await using ApiHost host = await ApiHost.StartAsync(configure: options => options.Hosts.Add("proxy.example.org"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.Host = name;
        using HttpResponseMessage response = await host.Http.SendAsync(request);
        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        if (status == 403)
        {
            Assert.That(await response.ProblemAsync(403), Is.EqualTo("hostNotAllowed"));
        }
    }

    [TestCase("Origin", "http://attacker.example.org", 403)]
    [TestCase("Origin", "null", 403)]
    [TestCase("Origin", "http://127.0.0.1:1", 403)]
    [TestCase("Sec-Fetch-Site", "cross-site", 403)]
    [TestCase("Sec-Fetch-Site", "same-site", 403)]
    [TestCase("Sec-Fetch-Site", "same-origin", 202)]
    [TestCase("Origin", "(own)", 202)]
    public async Task Submit_FromAPageInABrowser_IsTakenFromItsOwnOriginOnly(string header, string value, int status)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs") { Content = Call.Json("""{"goal":"x"}""") };
        request.Headers.Add(header, value == "(own)" ? host.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) : value);
        using HttpResponseMessage response = await host.Http.SendAsync(request);
        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        Assert.That(response.Headers.Contains("Access-Control-Allow-Origin"), Is.False);
    }

    [Test]
    public async Task Start_WithAShortKey_IsRefused() =>
        Assert.That(
            async () => await ApiHost.StartAsync(configure: options => options.Key = "short"),
            Throws.Exception.Message.Contains("16 characters"));
}
