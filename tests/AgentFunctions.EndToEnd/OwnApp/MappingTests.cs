using System.Net;
using System.Text.Json.Nodes;
using System.Threading.RateLimiting;
using AgentFunctions.AspNetCore;
using AgentFunctions.Durability;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.EndToEnd.OwnApp;

/// <summary>Where an app maps the runtime, and that the rest of the app stays its own.</summary>
[CancelAfter(300_000)]
internal sealed class MappingTests
{
    private const string Key = "0123456789abcdef-key";

    [TestCase("/agents")]
    [TestCase("/api/agents")]
    [TestCase("/tenants/{tenant}/agents")]
    public async Task MapAgentFunctions_UnderAPrefix_LinksWithinIt(string prefix)
    {
        await using ApiHost host = await ApiHost.StartAsync(runtime: app => app.MapAgentFunctions(prefix));
        string root = prefix.Replace("{tenant}", "red%20team", StringComparison.Ordinal);
        await EnsureLinksAsync(host, prefix, root);
        using HttpResponseMessage nothing = await host.Http.GetAsync($"{root}/api/nothing");
        Assert.That(await nothing.ProblemAsync(404), Is.EqualTo("notFound"));
        using HttpResponseMessage atTheTop = await host.Http.GetAsync("/api/nothing");
        Assert.That(atTheTop.Content.Headers.ContentType, Is.Null);
    }

    [Test]
    public async Task MapAgentFunctions_InAGroupOfTheAppBelowAPathBase_LinksWithinIt()
    {
        await using ApiHost host = await ApiHost.StartAsync(runtime: app =>
        {
            app.UsePathBase("/base");
            app.UseRouting();
            app.MapGroup("/agents").MapAgentFunctions("/v2");
        });
        await EnsureLinksAsync(host, "/agents/v2", "/base/agents/v2");
        JsonNode document = await host.Http.GetJsonAsync("/base/agents/v2/openapi/agentfunctions.json");
        Assert.That((string)document["servers"]![0]!["url"]!, Is.EqualTo("/base"));
    }

    [TestCase("/agents", null, "/agents/api/x")]
    [TestCase("/tenants/{tenant}/agents", null, "/api/x")]
    [TestCase("/agents", "https://shop.example/agents/", "https://shop.example/agents/api/x")]
    [TestCase("/tenants/{tenant}/agents", "https://shop.example/tenants/red/agents",
        "https://shop.example/tenants/red/agents/api/x")]
    public async Task Links_InWhatPeopleAreTold_LeadToWhereTheRuntimeIs(string prefix, string? address, string link)
    {
        await using ApiHost host = await ApiHost.StartAsync(
            configure: options => options.PublicUrl = address, runtime: app => app.MapGroup(prefix).MapAgentFunctions());
        using HttpResponseMessage any = await host.Http.GetAsync(prefix.Replace("{tenant}", "red", StringComparison.Ordinal)
            + "/health/live");

        Assert.That(any.IsSuccessStatusCode, Is.True);
        Assert.That(host.Services.GetRequiredService<AgentFunctions.Notifications.PublicAddress>().Of("/api/x"),
            Is.EqualTo(link));
    }

    [TestCase("shop.example")]
    [TestCase("https://shop.example/?a=b")]
    [TestCase("https://me:secret@shop.example/")]
    public void Start_WithAPublicAddressThatIsNone_NamesTheField(string address) => Assert.That(
        async () => await ApiHost.StartAsync(configure: options => options.PublicUrl = address),
        Throws.TypeOf<OptionsValidationException>().With.Message.Contains("Api:PublicUrl"));

    [Test]
    public async Task Program_AgainstAPrefix_FindsTheApi()
    {
        await using ApiHost host = await ApiHost.StartAsync(runtime: app => app.MapAgentFunctions("/agents"));
        using HttpResponseMessage submitted = await host.Http.PostAsync("/agents/api/runs", Call.Json("""{"goal":"x"}"""));
        string id = (string)(await submitted.JsonAsync())["id"]!;
        (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(
            null, Path.GetTempPath(), "watch", id, "--server", $"{host.Http.BaseAddress}agents");
        Assert.That(exitCode, Is.Zero, output + errors);
    }

    [Test]
    public async Task Endpoints_OfTheApp_AreNeitherGuardedNorChanged()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            configure: options => options.Key = Key,
            build: builder => builder.Services.AddOpenApi(),
            map: app =>
            {
                app.MapGet("/api/orders", () => new[] { 1 });
                app.MapPost("/api/orders", IResult () => Results.NotFound());
                app.MapGet("/api/broken", string () => throw new InvalidOperationException("own"));
                app.MapGet("/health", () => "fine");
                app.MapOpenApi();
            });
        foreach (string path in (string[])["/api/orders", "/health", "/openapi/v1.json"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = "shop.example.org";
            using HttpResponseMessage answer = await host.Http.SendAsync(request);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), path);
            Assert.That(answer.Headers.Contains("X-Content-Type-Options"), Is.False, path);
        }

        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/api/orders");
        foreign.Headers.Add("Origin", "https://evil.example.org");
        using HttpResponseMessage posted = await host.Http.SendAsync(foreign);
        Assert.That((posted.StatusCode, posted.Content.Headers.ContentType),
            Is.EqualTo((HttpStatusCode.NotFound, (object?)null)));
        using HttpResponseMessage broken = await host.Http.GetAsync("/api/broken");
        Assert.That(await broken.Content.ReadAsStringAsync(), Does.Not.Contain("traceId"));
        using HttpResponseMessage runs = await host.Http.GetAsync("/api/runs");
        Assert.That(await runs.ProblemAsync(401), Is.EqualTo("unauthorized"));
    }

    [Test]
    public async Task OpenApi_OfRuntimeAndApp_AreTwoDocuments()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            build: builder => builder.Services.AddOpenApi(),
            map: app =>
            {
                app.MapGet("/api/orders", () => new[] { 1 });
                app.MapOpenApi();
            });
        JsonObject own = (await host.Http.GetJsonAsync("/openapi/v1.json"))["paths"]!.AsObject();
        JsonObject runtime = (await host.Http.GetJsonAsync("/openapi/agentfunctions.json"))["paths"]!.AsObject();
        Assert.That(own.Select(path => path.Key), Is.EqualTo(new[] { "/api/orders" }));
        Assert.That(runtime.Select(path => path.Key), Has.Member("/api/runs").And.No.Member("/api/orders"));
    }

    [Test]
    public async Task RequireRateLimiting_OnTheMapping_HoldsForTheRuntimeAlone()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            build: builder => builder.Services.AddRateLimiter(limiter => limiter.AddFixedWindowLimiter(
                "two", options => (options.PermitLimit, options.Window) = (2, TimeSpan.FromHours(1)))),
            runtime: app =>
            {
                app.UseRateLimiter();
                app.MapAgentFunctions().RequireRateLimiting("two");
            },
            map: app => app.MapGet("/own", () => "own"));
        var statuses = new List<int>();
        foreach (string path in (string[])["/api/runs", "/api/runs", "/api/runs", "/own"])
        {
            using HttpResponseMessage answer = await host.Http.GetAsync(path);
            statuses.Add((int)answer.StatusCode);
        }

        Assert.That(statuses, Is.EqualTo(new[] { 200, 200, 503, 200 }));
    }

    [TestCase(null, true)]
    [TestCase("10.0.0.0/8", true)]
    [TestCase("127.0.0.1", false)]
    [TestCase("127.0.0.0/8", false)]
    public async Task Requests_BehindAProxy_AreCountedByTheClientsAddressOnlyWhereTheProxyIsKnown(string? proxy, bool asOne)
    {
        await using ApiHost host = await ApiHost.StartAsync(configure: options =>
        {
            (options.Key, options.RequestsPerSecond) = (Key, 1);
            if (proxy is not null)
            {
                options.Proxies.Add(proxy);
            }
        });
        int[] clients = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => FromAsync($"10.9.9.9, 203.0.113.{i}:4711")));
        int[] spoofing = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => FromAsync($"203.0.113.{i}, 198.51.100.1")));
        Assert.That(clients, asOne ? Has.Some.EqualTo(429) : Has.All.EqualTo(401));
        Assert.That(spoofing, Has.Some.EqualTo(429), "what the client itself put in front counts for nothing");

        async Task<int> FromAsync(string forwarded)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwarded);
            using HttpResponseMessage answer = await host.Http.SendAsync(request);
            return (int)answer.StatusCode;
        }
    }

    [TestCase("Production")]
    [TestCase("Development", Description = "The container checks all services when it is built.")]
    public void Start_WithoutARegistration_NamesTheLine(string environment)
    {
        Assert.That(Missing(static _ => { }),
            Does.Contain("AddAgentFunctions(builder.Configuration)").And.Contain("AddAgentFunctionsApi()").And.Contain("AddSqliteEngine"));
        Assert.That(
            Missing(static builder => builder.Services.AddAgentFunctions(builder.Configuration)
                .AddSqliteEngine(options => options.DataFile = SqliteEngineOptions.InMemory)),
            Does.Contain("AddAgentFunctionsApi()").And.Not.Contain("AddSqliteEngine"));
        Assert.That(
            Missing(static builder => builder.Services.AddAgentFunctions(builder.Configuration).AddAgentFunctionsApi()),
            Does.Contain("AddSqliteEngine").And.Not.Contain("AddAgentFunctionsApi"));

        Assert.That(Missing(static builder => builder.Services.AddAgentFunctionsApi()),
            Does.Contain("AddAgentFunctions(").And.Contain("AddSqliteEngine"));
        Assert.That(
            Missing(static builder => builder.Services.AddSingleton<IOrchestrationClient>(static _ => null!)
                .AddAgentFunctionsApi().AddAgentFunctions(builder.Configuration)),
            Does.Contain("AddAzureStorageStores").And.Not.Contain("AddSqliteEngine"));

        string Missing(Action<WebApplicationBuilder> add)
        {
            WebApplicationBuilder builder =
                WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
            add(builder);
            return Assert.Catch<AgentException>(() =>
            {
                using WebApplication app = builder.Build();
                app.MapAgentFunctions();
            })!.Message;
        }
    }

    [TestCase("Production")]
    [TestCase("Development")]
    public void Start_OfAHostWithoutHttpAndWithoutAnEngine_NamesTheLine(string environment)
    {
        HostApplicationBuilder builder =
            Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = environment });
        builder.Services.AddAgentFunctions(builder.Configuration);
        using IHost host = builder.Build();
        Assert.That(() => host.StartAsync(), Throws.TypeOf<AgentException>().With.Message.Contains("AddSqliteEngine"));
    }

    [Test]
    public async Task Start_WithTheEngineFirst_IsWhole()
    {
        using var folder = new TemporaryFolder();
        HostApplicationBuilder builder =
            Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
            {
                EnvironmentName = "Development",
                ContentRootPath = folder.Path
            });
        builder.Services.AddSqliteEngine(options => options.DataFile = Path.Combine(folder.Path, "agents.db"))
            .AddAgentFunctions(builder.Configuration);
        using IHost host = builder.Build();
        await host.StartAsync();
        Assert.That(host.Services.GetRequiredService<AgentFunctions.Hosting.MissingPorts>().Lines, Is.Empty);
        await host.StopAsync();
    }

    [TestCase("@Microsoft.KeyVault(SecretUri=https://v.example/secrets/k)", null, "Api:Key")]
    [TestCase(null, "proxy.example.org", "Api:Proxies:0")]
    public void Start_WithASettingThatCannotBe_NamesTheField(string? key, string? proxy, string field) => Assert.That(
        async () => await ApiHost.StartAsync(configure: options =>
        {
            options.Key = key;
            if (proxy is not null)
            {
                options.Proxies.Add(proxy);
            }
        }),
        Throws.TypeOf<OptionsValidationException>().With.Message.Contains(field));

    private static async Task EnsureLinksAsync(ApiHost host, string pattern, string root)
    {
        using HttpResponseMessage submitted = await host.Http.PostAsync($"{root}/api/runs", Call.Json("""{"goal":"x"}"""));
        Assert.That(submitted.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await submitted.Content.ReadAsStringAsync());
        JsonNode run = await submitted.JsonAsync();
        string self = $"{root}/api/runs/{run["id"]}";
        Assert.That(submitted.Headers.Location!.OriginalString, Is.EqualTo(self));
        foreach ((string name, JsonNode? link) in run["links"]!.AsObject())
        {
            using HttpResponseMessage answer = await host.Http.GetAsync((string)link!
                + (name == "events" ? "?follow=false" : ""));
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), $"{name}: {link}");
        }

        JsonNode listed = (await host.Http.GetJsonAsync($"{root}/api/runs"))["runs"]![0]!;
        Assert.That((string)listed["links"]!["self"]!, Is.EqualTo(self));
        JsonNode document = await host.Http.GetJsonAsync($"{root}/openapi/agentfunctions.json");
        Assert.That(document["paths"]!.AsObject().Select(path => path.Key), Has.Member($"{pattern}/api/runs/{{id}}"));
    }
}
