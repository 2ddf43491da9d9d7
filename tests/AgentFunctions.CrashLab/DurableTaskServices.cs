using AgentFrameworkRefund;
using AgentFunctions.AgentFramework;
using AgentFunctions.AzureStorage;
using AgentFunctions.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.CrashLab;

/// <summary>The services of a process on Durable Task: the one that keeps the hub, and the one that takes the steps.</summary>
internal static class DurableTaskServices
{
    /// <summary>Builds them.</summary>
    public static ServiceProvider Build(Team team, StorageAccount account, DurableTaskClient client)
    {
        IConfiguration configuration = new ConfigurationBuilder().Build();
        var services = new ServiceCollection();
        services.AddSingleton(configuration).AddLogging();
        services.AddAgentFunctions(configuration)
            .AddDurableAgent(team.Refunds(), options => Ours.AskTheBooks(options, team.Shop));
        services.AddSingleton(account.Connect()).AddAzureStorageStores(configuration).AddDurableTaskEngine();
        services.AddSingleton(new DurableTaskClientAccessor { Client = client });
        return services.BuildServiceProvider();
    }
}
