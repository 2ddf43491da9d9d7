using AgentFunctions.AzureStorage;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace AgentFunctions.CrashLab;

/// <summary>An account of the storage emulator.</summary>
/// <param name="Account">Its port and name, as <c>port/name</c>.</param>
/// <param name="Key">Its key.</param>
internal sealed record StorageAccount(string Account, string Key)
{
    /// <summary>Gets an account.</summary>
    public static StorageAccount Of(string account, string key) => new(account, key);

    /// <summary>Connects to it.</summary>
    public BlobServiceClient Connect() =>
        new(new Uri($"http://127.0.0.1:{Account}"), new StorageSharedKeyCredential(Account[(Account.IndexOf('/') + 1)..], Key));
}
