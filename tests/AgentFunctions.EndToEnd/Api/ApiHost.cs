using AgentFunctions.Agents;
using AgentFunctions.AspNetCore;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>The API in this process, on a real port, with a real data file; its services are at hand.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly WebApplication _app;

    private ApiHost(
        OpenAIProtocolServer? model, Action<ApiOptions>? configure, Action<WebApplication>? map, string url,
        Action<WebApplicationBuilder>? build,
        Action<WebApplication>? runtime)
    {
        WebApplicationBuilder builder =
            WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(model is null ? [] : new Dictionary<string, string?>
        {
            ["OPENAI_API_KEY"] = "test-key",
            ["OPENAI_BASE_URL"] = model.BaseUrl,
        });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services
            .AddAgentFunctions(builder.Configuration, options => options.WorkspaceRoot = _folder.Folder("workspaces"))
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = Path.Combine(_folder.Path, "agentfunctions.db"))
            .AddWorkspaceTools()
            .AddAgent(Agent.Create("lead").WithInstructions("Reach the goal."))
            .AddAgentFunctionsApi(configure);
        build?.Invoke(builder);
        _app = builder.Build();
        if (runtime is null)
        {
            _app.MapAgentFunctions();
        }

        runtime?.Invoke(_app);
        map?.Invoke(_app);
    }

    public IServiceProvider Services => _app.Services;

    public HttpClient Http { get; private set; } = new();

    public static async Task<ApiHost> StartAsync(
        OpenAIProtocolServer? model = null, Action<ApiOptions>? configure = null, Action<WebApplication>? map = null,
        string url = "http://127.0.0.1:0", Action<WebApplicationBuilder>? build = null, Action<WebApplication>? runtime = null)
    {
        var host = new ApiHost(model, configure, map, url, build, runtime);
        try
        {
            await host._app.StartAsync();
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        host.Http = new HttpClient
        {
            BaseAddress = new Uri(host._app.Urls.First()
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal))
        };
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}
