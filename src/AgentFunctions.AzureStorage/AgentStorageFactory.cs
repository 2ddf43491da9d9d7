using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// The storage account of the stores: setting <c>AgentStorage</c>, and without it the one of the Functions host,
/// <c>AzureWebJobsStorage</c>. Each is a connection string, or by identity <c>…__blobServiceUri</c>, <c>…__serviceUri</c> or
/// <c>…__accountName</c>, with <c>…__credential</c>, <c>…__clientId</c> and <c>…__managedIdentityResourceId</c> as everywhere in
/// Functions.
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

            if (AddressOf(section, configuration) is { } address)
            {
                return new BlobServiceClient(address, CredentialOf(section));
            }
        }

        throw new AgentException(
            ErrorCode.InvalidInput,
            "AgentStorage: set AgentStorage__blobServiceUri (by identity) or AzureWebJobsStorage, for instance to UseDevelopmentStorage=true.");
    }

    private static Uri? AddressOf(IConfigurationSection section, IConfiguration configuration)
    {
        foreach (string name in (string[])["blobServiceUri", "serviceUri"])
        {
            if (section[name] is { Length: > 0 } words)
            {
                return Uri.TryCreate(words, UriKind.Absolute, out Uri? address) && address.Scheme is "https" or "http"
                    ? address
                    : throw new AgentException(
                        ErrorCode.InvalidInput,
                        $"{section.Key}__{name}: use an address such as https://account.blob.core.windows.net.");
            }
        }

        return section["accountName"] is { Length: > 0 } account
            ? new Uri($"https://{account}.blob.{SuffixOf(configuration)}")
            : null;
    }

    /// <summary>An account without an address is in the cloud that the app signs in to.</summary>
    private static string SuffixOf(IConfiguration configuration) =>
        Uri.TryCreate(configuration["AZURE_AUTHORITY_HOST"], UriKind.Absolute, out Uri? authority)
            ? authority.Host.ToLowerInvariant() switch
            {
                "login.microsoftonline.us" => "core.usgovcloudapi.net",
                "login.chinacloudapi.cn" or "login.partner.microsoftonline.cn" => "core.chinacloudapi.cn",
                _ => "core.windows.net",
            }
            : "core.windows.net";

    private static TokenCredential CredentialOf(IConfigurationSection section)
    {
        string? clientId = section["clientId"];
        return section["credential"]?.ToLowerInvariant() switch
        {
            null or "" => new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = clientId }),
            "managedidentity" => new ManagedIdentityCredential((clientId, section["managedIdentityResourceId"]) switch
            {
                ({ Length: > 0 } id, _) => ManagedIdentityId.FromUserAssignedClientId(id),
                (_, { Length: > 0 } resource) => ManagedIdentityId.FromUserAssignedResourceId(new ResourceIdentifier(resource)),
                _ => ManagedIdentityId.SystemAssigned,
            }),
            _ => throw new AgentException(
                ErrorCode.InvalidInput,
                $"{section.Key}__credential: '{section["credential"]}' is not supported. Use managedidentity, or leave it out."),
        };
    }
}
