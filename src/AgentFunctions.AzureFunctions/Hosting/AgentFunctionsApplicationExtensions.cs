using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Doors;
using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.AzureFunctions.Telemetry;
using AgentFunctions.AzureStorage;
using AgentFunctions.DurableTask;
using AgentFunctions.OpenAI;
using AgentFunctions.Runs;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModelContextProtocol.AspNetCore;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds the agent runtime to a function app.</summary>
public static class AgentFunctionsApplicationExtensions
{
    internal const string InvocationLog = "Microsoft.Azure.Functions.Worker.FunctionsApplication";

    private static readonly TimeSpan StreamLifetime = TimeSpan.FromMinutes(10);

    /// <summary>The platform closes a connection on which nothing was written for 230 seconds.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(200);

    /// <summary>
    /// Adds the loop, its steps, the HTTP API with its doors, Durable Task as the engine and Azure Storage as the stores. The app
    /// adds agents and tools; the triggers come with this library.
    /// </summary>
    /// <param name="builder">The function app.</param>
    /// <param name="configure">How runs are set up.</param>
    public static FunctionsApplicationBuilder ConfigureAgentFunctions(
        this FunctionsApplicationBuilder builder, Action<RunOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ConfigureFunctionsWebApplication();
        // The host logs the failure of a function with its stack; what the worker says of it is the same once more.
        builder.Logging.AddFilter(InvocationLog, LogLevel.None);
        builder.Services.AddSingleton(KeyVaultReferences.TakeFrom(builder.Configuration));
        builder.Services.AddAgentFunctions(builder.Configuration, configure).AddOpenAIModels(builder.Configuration)
            .AddMcpServers().AddMonitors()
            .AddKeyVaultSecrets();
#if AZURE_OPENAI
        builder.Services.AddSingleton<IAzureChatClients, AgentFunctions.AzureFunctions.Models.AzureChatClients>();
#endif
        AddApi(builder.Services);
        AddEngine(builder.Services);
        builder.Services.AddAzureStorageStores(builder.Configuration);
        builder.Services.AddHostedService<WorkerTelemetry>();
        return builder;
    }

    /// <summary>
    /// Adds a function <c>agent-NAME</c> for each agent, on <c>POST /api/agents/NAME/runs</c>, so that the portal lists it and
    /// counts its calls. Callers are authenticated as for the rest of the API.
    /// </summary>
    /// <param name="builder">The function app.</param>
    /// <param name="agents">The names of the agents; all of the app if there are none.</param>
    public static FunctionsApplicationBuilder OfferAgents(this FunctionsApplicationBuilder builder, params string[] agents)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(new OfferedAgents(agents));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IFunctionMetadataTransformer, AgentFunctionMetadata>());
        return builder;
    }

    internal static void AddEngine(IServiceCollection services)
    {
        services.AddDurableTaskEngine();
        services.AddOptions<DurableTaskEngineOptions>().Configure<IConfiguration>(static (options, configuration) =>
            options.StepTimeout = FunctionTimeout.Read(configuration, AppContext.BaseDirectory));
        services.AddSingleton<FunctionRunner>();
        services.AddSingleton<StartedServices>();
        StartedServices.Take(services);
        services.AddHostedService(static provider => provider.GetRequiredService<StartedServices>());
    }

    internal static void AddApi(IServiceCollection services)
    {
        // In front of the worker's pipeline the guard would answer in place of an invocation that the host waits for.
        services.AddAgentFunctionsApiHandler(static options =>
        {
            // The Functions host passes every request on from this machine, and says whom it is from.
            options.Proxies.Add("127.0.0.1");
            options.Proxies.Add("::1");
            // What the platform calls this app is a name of it.
            if (Environment.GetEnvironmentVariable("WEBSITE_HOSTNAME") is { Length: > 0 } host)
            {
                options.Hosts.Add(host.Split(':')[0]);
            }
        });
        services.AddOptions<ApiOptions>().PostConfigure<IConfiguration>(static (options, configuration) =>
            options.StreamLifetime = FunctionTimeout.Bound(options.StreamLifetime ?? StreamLifetime, configuration,
                AppContext.BaseDirectory));
        AddDoors(services);
        services.TryAddSingleton(new KeyVaultReferences([]));
        services.AddSingleton<ApiRouter>();
    }

    private static void AddDoors(IServiceCollection services)
    {
        services.AddAgentFunctionsDoors();
        services.AddOptions<DoorOptions>().PostConfigure<IOptions<ApiOptions>>(static (options, api) =>
        {
            // A wait ends with an answer, and before the request that it is in.
            TimeSpan lifetime = (api.Value.StreamLifetime ?? StreamLifetime) * 0.9;
            TimeSpan longest = lifetime < LongestWait ? lifetime : LongestWait;
            options.WaitFor = options.WaitFor < longest ? options.WaitFor : longest;
            options.Mcp.WaitFor = options.Mcp.WaitFor < longest ? options.Mcp.WaitFor : longest;
        });
        // The next request of a client may come to another worker.
        services.PostConfigure<HttpServerTransportOptions>(
            static options => options.SessionMode = HttpServerSessionMode.Stateless);
    }
}
