using AgentFunctions.Governance.Redaction;
using AgentFunctions.Storage;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AgentFunctions.AzureStorage;

/// <summary>Adds the stores in Azure Storage to a host.</summary>
public static class AzureStorageServiceCollectionExtensions
{
    /// <summary>
    /// Adds the log, record and blob store in one storage account: the <see cref="BlobServiceClient"/> of the services, or
    /// without one the account that the setting <c>AgentStorage</c> or <c>AzureWebJobsStorage</c> names.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The host's configuration.</param>
    public static IServiceCollection AddAzureStorageStores(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.TryAddSingleton(_ => AgentStorageFactory.Create(configuration));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<BlobContainers>();
        services.AddSingleton<BlobLogStore>();
        services.AddSingleton(static provider => new BlobRecordStore(provider.GetRequiredService<BlobContainers>()));
        // Wrapped already, and read by what seals: no redaction in front.
        services.AddKeyedSingleton<IRecordStore>(
            "tree-keys", static (provider, _) => new BlobRecordStore(provider.GetRequiredService<BlobContainers>(),
                BlobRecordStore.TreeKeys));
        services.AddSingleton<BlobContentStore>();
        // Behind the redaction, so that no secret reaches the storage account.
        services.AddSingleton<ILogStore>(static provider => provider.Redacted(provider.GetRequiredService<BlobLogStore>()));
        services.AddSingleton<IRecordStore>(static provider => provider.Redacted(provider.GetRequiredService<BlobRecordStore>()));
        services.AddSingleton<IBlobStore>(static provider => provider.Redacted(provider.GetRequiredService<BlobContentStore>()));
        return services;
    }
}
