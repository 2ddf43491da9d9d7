using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.AspNetCore;

/// <summary>The HTTP API on a real server, engine and file, with a scripted model server.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TemporaryFolder _folder;

    private ApiHost(WebApplication app, OpenAIProtocolServer model, TemporaryFolder folder)
    {
        (_app, Model, _folder) = (app, model, folder);
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Client = new HttpClient { BaseAddress = new Uri(address) };
    }

    public OpenAIProtocolServer Model { get; }

    public HttpClient Client { get; }

    public static async Task<ApiHost> StartAsync(
        Func<ChatRequest, ChatReply> script, IEnumerable<AgentTool>? tools = null,
        Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null)
    {
        OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(script);
        var folder = new TemporaryFolder();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:test:Endpoint"] = model.BaseUrl,
            ["Models:test:Key"] = "sk-test",
            ["Models:test:Model"] = "scripted",
        });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = Path.Combine(folder.Path, "runs.db"))
            .AddAgentFunctionsApi()
            .AddAgent(Agent.Create("worker").WithInstructions("Work.").Build());
        foreach (AgentTool tool in tools ?? [])
        {
            builder.Services.AddTool(tool);
        }

        configure?.Invoke(builder);
        WebApplication app = builder.Build();
        app.MapAgentFunctions();
        map?.Invoke(app);
        await app.StartAsync();
        return new ApiHost(app, model, folder);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>Submits a run; returns its id.</summary>
    public async Task<string> SubmitAsync(object body)
    {
        using HttpResponseMessage response = await Client.PostAsJsonAsync("/api/runs", body);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    /// <summary>Waits for a run's end; returns it as the API shows it.</summary>
    public async Task<JsonElement> WaitAsync(string id)
    {
        await _app.Services.GetRequiredService<RunReader>().WaitForEndAsync(id);
        return await Client.GetFromJsonAsync<JsonElement>($"/api/runs/{id}");
    }

    public async Task<JsonElement> PostAsync(string id, string verb, object? body, HttpStatusCode expected)
    {
        using HttpResponseMessage response = body is null
            ? await Client.PostAsync($"/api/runs/{id}/{verb}", null)
            : await Client.PostAsJsonAsync($"/api/runs/{id}/{verb}", body);
        Assert.That(response.StatusCode, Is.EqualTo(expected), await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Model.DisposeAsync();
        _folder.Dispose();
    }
}
