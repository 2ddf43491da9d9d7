using AgentFunctions.AspNetCore;
using AgentFunctions.AzureFunctions;
using AgentFunctions.AzureFunctions.Durability;
using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.AzureFunctions.Storage;
using AgentFunctions.AzureFunctions.Telemetry;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds the agent runtime to a function app.</summary>
public static class AgentFunctionsApplicationExtensions
{
    /// <summary>
    /// Adds the loop, its steps, the HTTP API, Durable Task as the engine and Azure Storage as the stores. The app adds agents and
    /// tools; the triggers come with this library.
    /// </summary>
    /// <param name="builder">The function app.</param>
    /// <param name="configure">How runs are set up.</param>
    public static FunctionsApplicationBuilder ConfigureAgentFunctions(
        this FunctionsApplicationBuilder builder, Action<RunOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ConfigureFunctionsWebApplication();
        builder.Services.AddAgentFunctions(builder.Configuration, configure);
#if AZURE_OPENAI
        builder.Services.AddSingleton<AgentFunctions.Models.OpenAIProtocol.IAzureChatClients, AgentFunctions.AzureFunctions.Models.AzureChatClients>();
#endif
        AddApi(builder.Services);
        AddEngine(builder.Services);
        builder.Services.AddSingleton(_ => AgentStorageFactory.Create(builder.Configuration));
        AddStores(builder.Services);
        builder.Services.AddHostedService<WorkerTelemetry>();
        return builder;
    }

    internal static void AddEngine(IServiceCollection services)
    {
        services.AddSingleton<DurableClientAccessor>();
        services.AddSingleton<DurableRunner>();
        services.AddSingleton(static provider => StepLimit.Read(
            provider.GetRequiredService<IConfiguration>(), AppContext.BaseDirectory, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<StartedServices>();
        services.AddSingleton<WaitingTimes>();
        StartedServices.Take(services);
        services.AddSingleton<DurableTaskOrchestrationClient>();
        services.AddSingleton<IOrchestrationClient>(static provider => provider.Redacted(provider.GetRequiredService<DurableTaskOrchestrationClient>()));
        services.AddSingleton<AdmitRunActivity>();
        services.AddDurable(static (provider, registry) => registry
            .AddActivity<AdmitRunInput, AgentFunctions.Loop.RunState>(
                AdmitRunActivity.AdmitName, (context, input) => provider.GetRequiredService<AdmitRunActivity>().AdmitAsync(context, input))
            .AddActivity<string, RunAnswer>(
                AdmitRunActivity.ReadName, (context, id) => provider.GetRequiredService<AdmitRunActivity>().ReadAsync(context, id)));
    }

    internal static void AddStores(IServiceCollection services)
    {
        services.AddSingleton<BlobContainers>();
        services.AddSingleton<BlobLogStore>();
        services.AddSingleton<BlobRecordStore>();
        services.AddSingleton<BlobContentStore>();
        // Behind the redaction, so that no secret reaches the storage account.
        services.AddSingleton<ILogStore>(static provider => provider.Redacted(provider.GetRequiredService<BlobLogStore>()));
        services.AddSingleton<IRecordStore>(static provider => provider.Redacted(provider.GetRequiredService<BlobRecordStore>()));
        services.AddSingleton<IBlobStore>(static provider => provider.Redacted(provider.GetRequiredService<BlobContentStore>()));
    }

    internal static void AddApi(IServiceCollection services)
    {
        services.AddAgentFunctionsApi(static options =>
        {
            // What the platform calls this app is a name of it.
            if (Environment.GetEnvironmentVariable("WEBSITE_HOSTNAME") is { Length: > 0 } host)
            {
                options.Hosts.Add(host.Split(':')[0]);
            }
        });
        // In front of the worker's pipeline the guard would answer in place of an invocation that the host waits for.
        services.Remove(services.Single(static service =>
            service.ServiceType == typeof(IStartupFilter) && service.ImplementationType == typeof(ApiPipeline)));
        services.AddSingleton<ApiRouter>();
    }
}
