using AgentFunctions.Agents;
using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.AzureStorage;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>
/// All that an app serves through the one route that its HTTP trigger has, with Durable Task as the engine and Azurite as the
/// stores.
/// </summary>
internal sealed class ServedApp : IAsyncDisposable
{
    public const string Key = "a-key-of-the-app-that-is-long-enough";

    private readonly OpenAIProtocolServer _model;
    private readonly WebApplication _app;
    private readonly InProcessHost _engine;

    private ServedApp(OpenAIProtocolServer model, WebApplication app, InProcessHost engine)
    {
        (_model, _app, _engine) = (model, app, engine);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
    }

    /// <summary>Gets a client with the app's key.</summary>
    public HttpClient Http { get; }

    public static Task<ServedApp> StartAsync(
        Func<ChatRequest, ChatReply> answer, CancellationToken cancellationToken,
        params (string Name, string Value)[] settings) =>
        StartAsync(answer, static _ => { }, cancellationToken, settings);

    /// <summary>Starts an app with further services.</summary>
    public static async Task<ServedApp> StartAsync(
        Func<ChatRequest, ChatReply> answer, Action<IServiceCollection> services, CancellationToken cancellationToken,
        params (string Name, string Value)[] settings)
    {
        OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(answer);
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:test:Provider"] = "openai",
            ["Models:test:Endpoint"] = model.BaseUrl,
            ["Models:test:Key"] = "sk-test",
            ["Models:test:Model"] = "scripted",
            ["Api:Key"] = Key,
        });
        builder.Configuration.AddInMemoryCollection(
            settings.Select(static one => KeyValuePair.Create(one.Name, (string?)one.Value)));
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAgentFunctions(builder.Configuration)
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors();
        builder.Services.AddSingleton(AzuriteServer.Connect());
        builder.Services.AddAzureStorageStores(builder.Configuration);
        AgentFunctionsApplicationExtensions.AddEngine(builder.Services);
        AgentFunctionsApplicationExtensions.AddApi(builder.Services);
        builder.Services
            .AddTool(AgentTool.Create("look", "Looks.", ToolEffect.None, static (string at) => $"saw {at}"))
            .AddAgent(Agent.Create("helper").WithModel("test").WithInstructions("Help."));
        services(builder.Services);
        WebApplication app = builder.Build();
        app.Map("{*path}", static context => context.RequestServices.GetRequiredService<ApiRouter>().InvokeAsync(context));
        InProcessHost engine = await InProcessHost.StartAsync(app.Services.GetRequiredService<DurableRegistry>());
        app.Services.GetRequiredService<DurableTaskClientAccessor>().Client = engine.DurableClient;
        await app.StartAsync(cancellationToken);
        return new ServedApp(model, app, engine);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        await _engine.DisposeAsync();
        await _model.DisposeAsync();
    }
}
