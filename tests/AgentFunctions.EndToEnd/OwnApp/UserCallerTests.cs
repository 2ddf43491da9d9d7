using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.Runs;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.EndToEnd.OwnApp;

/// <summary>The users that an app signs in are the callers; who is nobody there is nobody here.</summary>
[CancelAfter(300_000)]
internal sealed class UserCallerTests
{
    [Test]
    public async Task SignedInUser_ByCookieOrToken_IsTheSameCallerWithItsRoles()
    {
        await using ApiHost host = await StartAsync();
        using HttpClient cookie = await SignIn.CookieOf(host, "anna:submitter");
        using HttpClient token = SignIn.TokenOf(host, "anna:submitter");
        using HttpClient ben = SignIn.TokenOf(host, "ben:submitter");
        using HttpClient nobody = SignIn.TokenOf(host, "nora");

        string one = await cookie.SubmitGoalAsync("x");
        string two = await token.SubmitGoalAsync("y");

        var runs = host.Services.GetRequiredService<RunStore>();
        Assert.That((await runs.FindAsync(one))!.Requester, Is.EqualTo("user:anna"));
        Assert.That((await runs.FindAsync(two))!.Requester, Is.EqualTo("user:anna"));
        Assert.That(await StatusAsync(cookie, $"/api/runs/{two}"), Is.EqualTo(200));
        Assert.That(await StatusAsync(ben, $"/api/runs/{one}"), Is.EqualTo(404));
        using HttpResponseMessage refused = await nobody.SubmitAsync("""{"goal":"x"}""");
        Assert.That(await refused.ProblemAsync(403), Is.EqualTo("notAllowed"));
    }

    [Test]
    public async Task Anonymous_InAnAppThatAuthenticates_IsNobodyAndIsNotRedirected()
    {
        await using ApiHost host = await StartAsync();
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = host.Http.BaseAddress };
        using HttpResponseMessage read = await http.GetAsync("/api/runs");
        Assert.That(await read.ProblemAsync(401), Is.EqualTo("unauthorized"));
        using HttpResponseMessage key = await http.PostAsJsonAsync("/api/keys", new { name = "me", roles = new[] { "admin" } });
        Assert.That(await key.ProblemAsync(401), Is.EqualTo("unauthorized"));
        using HttpClient wrong = SignIn.BearerOf(host, "no-token-of-anyone");
        Assert.That(await StatusAsync(wrong, "/api/runs"), Is.EqualTo(401));
        Assert.That(await StatusAsync(http, "/health/ready"), Is.EqualTo(200));
        Assert.That(await StatusAsync(http, "/.well-known/jwks.json"), Is.EqualTo(200));
    }

    [TestCase("anna:submitter,approver,operator,auditor,viewer", 403)]
    [TestCase("anna:*", 403)]
    [TestCase("root:admin", 201)]
    public async Task AdminKey_ForASignedInUser_TakesTheAdminRole(string user, int status)
    {
        await using ApiHost host = await StartAsync();
        using HttpClient http = await SignIn.CookieOf(host, user);
        using HttpResponseMessage made = await http.PostAsJsonAsync("/api/keys", new { name = "me", roles = new[] { "admin" } });
        Assert.That((int)made.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task Keys_OfTheRuntime_ServeBesideTheAppsUsers()
    {
        await using ApiHost host = await StartAsync(options => options.Key = "0123456789abcdef-key");
        using HttpClient key = SignIn.BearerOf(host, "0123456789abcdef-key");
        using HttpClient anna = SignIn.TokenOf(host, "anna:submitter");
        Assert.That(await StatusAsync(key, "/api/keys"), Is.EqualTo(200));
        Assert.That(await StatusAsync(anna, "/api/keys"), Is.EqualTo(403));
    }

    [Test]
    public async Task Users_WithClaimsAndRolesOfTheirOwn_AreMappedBySettings()
    {
        await using ApiHost host = await StartAsync(options =>
        {
            (options.Users.Name, options.Users.RolesClaim) = ("corp", ClaimTypes.Role);
            options.Users.Roles["Engineers"] = "submitter";
        });
        using HttpClient anna = SignIn.TokenOf(host, "anna:Engineers,admin");
        string id = await anna.SubmitGoalAsync("x");
        Assert.That((await host.Services.GetRequiredService<RunStore>().FindAsync(id))!.Requester, Is.EqualTo("corp:anna"));
        Assert.That(await StatusAsync(anna, "/api/keys"), Is.EqualTo(403), "the role that no setting lists gives none");
    }

    [TestCase("mail:anna@corp.example", 200)]
    [TestCase("local", 403)]
    [TestCase("Local", 403)]
    [TestCase("host-key", 403)]
    [TestCase("key:root", 403)]
    [TestCase("monitor:shop", 403)]
    [TestCase("a\nb", 403)]
    [TestCase("", 403)]
    [TestCase(null, 403)]
    public async Task CallerFrom_GivingAnIdOfTheHostsOwn_GivesNoCaller(string? id, int status)
    {
        await using ApiHost host =
            await StartAsync(options => options.CallerFrom(_ => id is null ? null : new Caller(id) { Roles = ["admin", "*"] }));
        using HttpClient anna = SignIn.TokenOf(host, "anna");
        using HttpResponseMessage answer = await anna.GetAsync("/api/keys");
        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        Assert.That(await StatusAsync(host.Http, "/api/keys"), Is.EqualTo(401));
    }

    [TestCase("X-Forwarded-For", "203.0.113.9")]
    [TestCase("X-Forwarded-For", "127.0.0.1")]
    [TestCase("X-Forwarded-Host", "app.example.org")]
    [TestCase("X-Real-IP", "203.0.113.9")]
    [TestCase("Forwarded", "for=203.0.113.9")]
    [TestCase("Via", "1.1 proxy")]
    public async Task PassedOn_ToAHostThatAuthenticatesNobody_IsNotFromThisMachine(string header, string value)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage answer = await host.Http.SendAsync(request);
        Assert.That(await answer.ProblemAsync(403), Is.EqualTo("forbidden"));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain(header).And.Contain("Api:Key"));
        Assert.That(await StatusAsync(host.Http, "/api/runs"), Is.EqualTo(200));
    }

    [TestCase("203.0.113.9", 403)]
    [TestCase("127.0.0.1", 200)]
    [TestCase("127.0.0.1, 203.0.113.9", 403)]
    public async Task PassedOn_WithForwardingConfigured_GoesByTheClientsAddress(string forwarded, int status)
    {
        await using ApiHost host = await ApiHost.StartAsync(
            build: builder => builder.Services.Configure<ForwardedHeadersOptions>(options => options.ForwardedHeaders =
                ForwardedHeaders.XForwardedFor),
            runtime: app =>
            {
                app.UseForwardedHeaders();
                app.MapAgentFunctions();
            });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwarded);
        using HttpResponseMessage answer = await host.Http.SendAsync(request);
        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
    }

    [TestCase("127.0.0.1:5050", "localhost:7071", 200)]
    [TestCase("203.0.113.9", "localhost:7071", 403)]
    [TestCase("127.0.0.1, 203.0.113.9:4711", "localhost:7071", 403)]
    [TestCase("127.0.0.1", "attacker.example.org", 403)]
    [TestCase("unknown", "localhost", 403)]
    public async Task PassedOn_ByAProxyOfTheSettings_GoesByWhatItSays(string client, string name, int status)
    {
        await using ApiHost host = await ApiHost.StartAsync(configure: options => options.Proxies.Add("127.0.0.1"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", client);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", name);
        using HttpResponseMessage answer = await host.Http.SendAsync(request);
        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task Start_BeyondThisMachine_NeedsNoKeyWhereTheAppAuthenticates()
    {
        await using ApiHost host = await StartAsync(url: "http://0.0.0.0:0");
        using HttpClient anna = SignIn.TokenOf(host, "anna:submitter");
        Assert.That(await StatusAsync(anna, "/api/runs"), Is.EqualTo(200));
        Assert.That(await StatusAsync(host.Http, "/api/runs"), Is.EqualTo(401));
    }

    [Test]
    public void Start_WithAnIssuerWhoseCallersHaveTheUsersIds_IsRefused([Values("user", "User")] string name) => Assert.That(
        async () => await StartAsync(options => options.Oidc.Add(new()
        {
            Issuer = "https://login.example",
            Audience = "agents",
            Name = name
        })),
        Throws.TypeOf<AgentException>().With.Message.Contains("Api:Users:Name").And.Message.Contains("Api:Oidc:0:Name"));

    [Test]
    public void Start_WithUsersOfTheAppAndOfAzure_IsRefusedUnlessTheirIdsDiffer()
    {
        Assert.That(
            async () => await StartAsync(static options => options.TrustFunctionsPrincipal = true),
            Throws.TypeOf<AgentException>().With.Message.Contains("Api:Users:Name").And.Message.Contains("Api:TrustFunctionsPrincipal"));
        Assert.That(
            async () => await (await StartAsync(static options => (options.TrustFunctionsPrincipal, options.Users.Name) = (true,
                "member"))).DisposeAsync(),
            Throws.Nothing);
        Assert.That(
            async () => await ApiHost.StartAsync(configure: static options =>
            {
                options.TrustFunctionsPrincipal = true;
                options.Oidc.Add(new() { Issuer = "https://login.example", Audience = "agents" });
            }),
            Throws.TypeOf<OptionsValidationException>().With.Message.Contains("Api:Oidc:0:Name").And.Message.Contains("Api:TrustFunctionsPrincipal"));
    }

    [Test]
    public async Task RequireAuthorization_OnTheMapping_AsksTheAppsPolicyFirst()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            build: builder =>
            {
                SignIn.Add(builder);
                builder.Services.AddAuthorization(options => options.AddPolicy("team",
                    policy => policy.RequireRole("submitter")));
            },
            runtime: app => app.MapAgentFunctions().RequireAuthorization("team"));
        using HttpClient anna = SignIn.TokenOf(host, "anna:submitter");
        using HttpClient eve = SignIn.TokenOf(host, "eve:admin");
        Assert.That(await StatusAsync(anna, "/api/runs"), Is.EqualTo(200));
        Assert.That(await StatusAsync(eve, "/api/runs"), Is.EqualTo(403));
        Assert.That(await StatusAsync(host.Http, "/api/runs"), Is.EqualTo(401));
        Assert.That(await StatusAsync(host.Http, "/openapi/agentfunctions.json"), Is.EqualTo(401));
        Assert.That(await StatusAsync(host.Http, "/health/live"), Is.EqualTo(200));
    }

    [Test]
    public async Task RequireAuthorization_ByAPolicyWithoutUsers_MakesNobodyTheLocalCaller()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            build: builder => builder.Services.AddAuthentication().Services.AddAuthorization(),
            runtime: app => app.MapAgentFunctions()
                .RequireAuthorization(new AuthorizationPolicyBuilder().RequireAssertion(_ => true).Build()));
        using HttpResponseMessage answer = await host.Http.GetAsync("/api/runs");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    private static Task<ApiHost> StartAsync(Action<AgentFunctions.AspNetCore.ApiOptions>? configure = null,
        string url = "http://127.0.0.1:0") =>
        ApiHost.StartAsync(configure: configure, map: SignIn.Map, build: SignIn.Add, url: url);

    private static async Task<int> StatusAsync(HttpClient http, string path)
    {
        using HttpResponseMessage answer = await http.GetAsync(path);
        return (int)answer.StatusCode;
    }
}
