using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

/// <summary>An app under a public name, with and without a key.</summary>
[CancelAfter(1_800_000)]
public sealed class PublicNameTests
{
    private const string Reference = "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/api-key)";

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [TestCase(null, "Api__Key")]
    [TestCase(Reference, "Key Vault Secrets User")]
    public async Task Api_WithoutAKey_SaysWhatIsMissingToEveryCaller(string? key, string remedy)
    {
        await using WebApplication app = await StartAsync(key);
        using HttpClient http = Client(app, Reference);

        using HttpResponseMessage answer = await http.GetAsync("/api/runs", Cancel);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        JsonElement problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.That(problem.GetProperty("code").GetString(), Is.EqualTo("notConfigured"));
        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain(remedy));
    }

    [Test]
    public async Task Api_WithAKey_TakesIt()
    {
        await using WebApplication app = await StartAsync("a key of the tests alone");

        using HttpClient right = Client(app, "a key of the tests alone");
        using HttpClient wrong = Client(app, Reference);

        Assert.That((await right.GetAsync("/api/runs", Cancel)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await wrong.GetAsync("/api/runs", Cancel)).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task Api_BehindTheAuthenticationOfThePlatform_TakesItsPrincipals()
    {
        await using WebApplication app = await StartAsync(null, trusted: true);
        using var nobody = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var user = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        user.DefaultRequestHeaders.Add("X-MS-CLIENT-PRINCIPAL", Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new
        {
            auth_typ = "aad",
            name_typ = "name",
            role_typ = "roles",
            claims = new[] { new { typ = "name", val = "ada" }, new { typ = "roles", val = "viewer" } },
        })));

        Assert.That((await nobody.GetAsync("/api/runs", Cancel)).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That((await user.GetAsync("/api/runs", Cancel)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Guesses_PassedOnByTheHost_AreCountedByTheCallersAddress()
    {
        await using WebApplication app = await StartAsync("a key of the tests alone", requestsPerSecond: 1);
        using HttpClient http = Client(app, "a guess of the tests alone");

        int[] many = await Task.WhenAll(Enumerable.Range(0, 100).Select(number => FromAsync($"203.0.113.{number}:4711")));
        int[] one = await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(number => FromAsync($"203.0.113.{number}, 198.51.100.1:4711")));

        Assert.That(many, Has.All.EqualTo(401));
        Assert.That(one, Has.Some.EqualTo(429), "what the caller itself put in front counts for nothing");

        async Task<int> FromAsync(string forwarded)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwarded);
            using HttpResponseMessage answer = await http.SendAsync(request, Cancel);
            return (int)answer.StatusCode;
        }
    }

    [Test]
    public void TakeFrom_UnresolvedReferences_TakesThemOutAndNoOther()
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Api:Key"] = Reference,
            ["OPENAI_API_KEY"] = " " + Reference.ToLowerInvariant(),
            ["Models:one:Key"] = "sk-resolved",
        });

        KeyVaultReferences references = KeyVaultReferences.TakeFrom(configuration);

        Assert.That(references.Settings, Is.EquivalentTo(["Api:Key", "OPENAI_API_KEY"]));
        Assert.That((configuration["Api:Key"], configuration["OPENAI_API_KEY"], configuration["Models:one:Key"]),
            Is.EqualTo(((string?)null, (string?)null, "sk-resolved")));
    }

    private static HttpClient Client(WebApplication app, string bearer)
    {
        var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return http;
    }

    private static async Task<WebApplication> StartAsync(string? key, int requestsPerSecond = 100, bool trusted = false)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection([new("WEBSITE_HOSTNAME", "agents.example.net"), new("Api:Key", key),
            new("Api:RequestsPerSecond", requestsPerSecond.ToString(CultureInfo.InvariantCulture)),
            new("Api:TrustFunctionsPrincipal", trusted ? "true" : null)]);
        builder.Services.AddSingleton(KeyVaultReferences.TakeFrom(builder.Configuration));
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = SqliteEngineOptions.InMemory)
            .AddAgent(Agent.Create("helper").WithInstructions("Help."));
        AgentFunctionsApplicationExtensions.AddApi(builder.Services);
        WebApplication app = builder.Build();
        app.Map("{*path}", context => context.RequestServices.GetRequiredService<ApiRouter>().InvokeAsync(context));
        await app.StartAsync(Cancel);
        return app;
    }
}
