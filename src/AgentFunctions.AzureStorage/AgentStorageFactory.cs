using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// The storage account of the stores: setting <c>AgentStorage</c>, and without it the one of the Functions host,
/// <c>AzureWebJobsStorage</c>. Each is a connection string, or by identity <c>…__blobServiceUri</c> or
/// <c>…__accountName</c> with an optional <c>…__clientId</c>, as everywhere in Functions.
/// </summary>
internal static class AgentStorageFactory
{
    private static readonly string[] Names = ["AgentStorage", "AzureWebJobsStorage"];

    public static BlobServiceClient Create(IConfiguration configuration)
    {
        foreach (IConfigurationSection section in Names.Select(configuration.GetSection))
        {
            if (section.Value is { Length: > 0 } connectionString)
            {
                return new BlobServiceClient(connectionString);
            }

            if (AddressOf(section) is { } address)
            {
                var options = new DefaultAzureCredentialOptions { ManagedIdentityClientId = section["clientId"] };
                return new BlobServiceClient(address, new DefaultAzureCredential(options));
            }
        }

        throw new AgentException(
            ErrorCode.InvalidInput,
            "AgentStorage: set AgentStorage__blobServiceUri (by identity) or AzureWebJobsStorage, for instance to UseDevelopmentStorage=true.");
    }

    private static Uri? AddressOf(IConfigurationSection section) => (section["blobServiceUri"], section["accountName"]) switch
    {
        ({ Length: > 0 } address, _) => new Uri(address),
        (_, { Length: > 0 } account) => new Uri($"https://{account}.blob.core.windows.net"),
        _ => null,
    };
}
