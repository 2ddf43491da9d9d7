using AgentFunctions.AspNetCore;
using AgentFunctions.EndToEnd.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.EndToEnd.OwnApp;

/// <summary>Pages of other origins: allowed by setting, and only with credentials that they sent themselves.</summary>
[CancelAfter(300_000)]
internal sealed class OriginTests
{
    private const string Key = "0123456789abcdef-key";
    private const string Page = "https://app.example.org";

    [TestCase("key", Page, 202)]
    [TestCase("token", Page, 202)]
    [TestCase("cookie", Page, 403)]
    [TestCase("cookie and token", Page, 403)]
    [TestCase("cookie and wrong token", Page, 401)]
    [TestCase("cookie and key", Page, 202)]
    [TestCase("nothing", Page, 401)]
    [TestCase("key", "https://evil.example.org", 403)]
    [TestCase("key", "http://app.example.org", 403)]
    [TestCase("key", "https://app.example.org.evil.example", 403)]
    [TestCase("key", "null", 403)]
    [TestCase("token", "https://evil.example.org", 403)]
    [TestCase("cookie", "https://evil.example.org", 403)]
    public async Task Submit_FromAnotherOrigin_IsTakenFromAllowedOnesWithExplicitCredentials(string credentials, string origin,
        int status)
    {
        await using ApiHost host = await StartAsync();
        using HttpClient http = await ClientAsync(host, credentials);
        using HttpResponseMessage answer = await SubmitAsync(http, origin);

        Assert.That((int)answer.StatusCode, Is.EqualTo(status), await answer.Content.ReadAsStringAsync());
        Assert.That(
            answer.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? allowed)
                ? allowed.Single()
                : null,
            Is.EqualTo(origin == Page ? Page : null), "errors too can be read by the page that may call");
        Assert.That(answer.Headers.Contains("Access-Control-Allow-Credentials"), Is.False);
        Assert.That(answer.Headers.Vary, Has.Member("Origin"));
    }

    [Test]
    public async Task Submit_FromAnAllowedOriginWithoutCredentials_IsNotTheLocalCallers()
    {
        await using ApiHost host = await ApiHost.StartAsync(configure: options => options.Origins.Add(Page));
        using HttpResponseMessage answer = await SubmitAsync(host.Http, Page);
        Assert.That(await answer.ProblemAsync(403), Is.EqualTo("originNotAllowed"));
    }

    [TestCase("cookie")]
    [TestCase("key")]
    public async Task Submit_FromTheAppsOwnPages_IsTaken(string credentials)
    {
        await using ApiHost host = await StartAsync();
        using HttpClient http = await ClientAsync(host, credentials);
        using HttpResponseMessage answer = await SubmitAsync(http, host.Http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        Assert.That((int)answer.StatusCode, Is.EqualTo(202));
    }

    [TestCase(Page, "POST", "/api/runs", 204)]
    [TestCase(Page, "PUT", "/api/monitors/shop", 204)]
    [TestCase("https://evil.example.org", "POST", "/api/runs", 403)]
    [TestCase(Page, "PATCH", "/api/runs", 404)]
    [TestCase(Page, "POST", "/api/own", 405)]
    public async Task Preflight_CarryingNoCredentials_IsAnsweredBeforeTheAppsAuthorization(string origin, string method,
        string path, int status)
    {
        await using ApiHost host = await ApiHost.StartAsync(
            configure: options => options.Origins.Add(Page),
            build: builder =>
            {
                SignIn.Add(builder);
                builder.Services.AddAuthorization();
            },
            runtime: app => app.MapAgentFunctions().RequireAuthorization(),
            map: app => app.MapPost("/api/own", () => "own"));
        using var request = new HttpRequestMessage(HttpMethod.Options, path);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", method);
        request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,mcp-session-id,x-stainless-lang");
        using HttpResponseMessage answer = await host.Http.SendAsync(request);

        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        if (status == 204)
        {
            Assert.That(answer.Headers.GetValues("Access-Control-Allow-Origin").Single(), Is.EqualTo(Page));
            Assert.That(answer.Headers.GetValues("Access-Control-Allow-Headers").Single(),
                Is.EqualTo("authorization, content-type, mcp-session-id, x-stainless-lang"));
            Assert.That(answer.Headers.GetValues("Access-Control-Expose-Headers").Single(), Does.Contain("Mcp-Session-Id"));
            Assert.That(answer.Headers.GetValues("Access-Control-Allow-Methods").Single(), Does.Contain(method));
        }
    }

    [TestCase("key", Page, 202)]
    [TestCase("cookie", Page, 403)]
    [TestCase("key", "https://evil.example.org", 403)]
    public async Task RequireCors_OnTheMapping_AllowsTheOriginsOfTheAppsPolicy(string credentials, string origin, int status)
    {
        await using ApiHost host = await ApiHost.StartAsync(
            configure: options => options.Key = Key,
            build: builder =>
            {
                SignIn.Add(builder);
                builder.Services.AddCors(cors => cors.AddPolicy("pages", policy => policy.WithOrigins(Page).AllowAnyHeader()));
            },
            runtime: app =>
            {
                app.UseCors();
                app.MapAgentFunctions().RequireCors("pages");
                SignIn.Map(app);
            });
        using HttpClient http = await ClientAsync(host, credentials);
        using HttpResponseMessage answer = await SubmitAsync(http, origin);
        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        Assert.That(answer.Headers.Contains("Access-Control-Allow-Origin"), Is.EqualTo(origin == Page));
    }

    [TestCase("https://app.example.org/")]
    [TestCase("https://app.example.org/path")]
    [TestCase("app.example.org")]
    [TestCase("*")]
    [TestCase("null")]
    [TestCase("file:///x")]
    public void Start_WithWhatIsNoOrigin_NamesTheField(string origin) => Assert.That(
        async () => await ApiHost.StartAsync(configure: options => options.Origins.Add(origin)),
        Throws.TypeOf<OptionsValidationException>().With.Message.Contains("Api:Origins:0"));

    private static Task<ApiHost> StartAsync() => ApiHost.StartAsync(
        configure: options =>
        {
            options.Key = Key;
            options.Origins.Add(Page);
        },
        map: SignIn.Map, build: SignIn.Add);

    private static async Task<HttpClient> ClientAsync(ApiHost host, string credentials)
    {
        HttpClient http = credentials.StartsWith("cookie", StringComparison.Ordinal)
            ? await SignIn.CookieOf(host, "anna:submitter")
            : new HttpClient { BaseAddress = host.Http.BaseAddress };
        string? token = credentials.Split(' ')[^1] switch
        {
            "key" => Key,
            "token" => credentials.Contains("wrong", StringComparison.Ordinal) ? "wrong" : "app-anna:submitter",
            _ => null,
        };
        if (token is not null)
        {
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        return http;
    }

    private static Task<HttpResponseMessage> SubmitAsync(HttpClient http, string origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs") { Content = Call.Json("""{"goal":"x"}""") };
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Sec-Fetch-Site", http.BaseAddress!.GetLeftPart(UriPartial.Authority) == origin
            ? "same-origin"
            : "cross-site");
        return http.SendAsync(request);
    }
}
