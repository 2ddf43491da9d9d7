using AgentFunctions.AzureStorage;
using AgentFunctions.TestKit;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>The services of an app, with an empty account of Azurite as the stores and a scripted model server.</summary>
internal static class AppServices
{
    /// <summary>Builds them.</summary>
    /// <param name="model">The model server.</param>
    /// <param name="add">Adds the app's agents and tools.</param>
    /// <param name="settings">Further settings.</param>
    public static ServiceProvider Build(
        OpenAIProtocolServer model, Action<IServiceCollection> add, params KeyValuePair<string, string?>[] settings) =>
        Build(model, AzuriteServer.Connect(), add, settings);

    /// <summary>Builds them on an account that others may use too.</summary>
    /// <param name="model">The model server.</param>
    /// <param name="account">The storage account.</param>
    /// <param name="add">Adds the app's agents and tools.</param>
    /// <param name="settings">Further settings.</param>
    public static ServiceProvider Build(
        OpenAIProtocolServer model, BlobServiceClient account, Action<IServiceCollection> add,
        params KeyValuePair<string, string?>[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:test:Provider"] = "openai",
            ["Models:test:Endpoint"] = model.BaseUrl,
            ["Models:test:Key"] = "sk-test",
            ["Models:test:Model"] = "scripted",
        }).AddInMemoryCollection(settings).Build();
        var services = new ServiceCollection();
        services.AddSingleton(configuration);
        services.AddLogging();
        services.AddAgentFunctions(configuration).AddOpenAIModels(configuration).AddMcpServers().AddMonitors();
        services.AddSingleton(account);
        services.AddAzureStorageStores(configuration);
        AgentFunctionsApplicationExtensions.AddEngine(services);
        add(services);
        return services.BuildServiceProvider();
    }
}
