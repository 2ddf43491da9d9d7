using System.Collections.Concurrent;
using Azure.Storage.Blobs;

namespace AgentFunctions.AzureStorage;

/// <summary>The containers of one storage account, each made when it is first used.</summary>
internal sealed class BlobContainers(BlobServiceClient service)
{
    private readonly ConcurrentDictionary<string, Task<BlobContainerClient>> _containers = new(StringComparer.Ordinal);

    public async Task<BlobContainerClient> GetAsync(string name)
    {
        Task<BlobContainerClient> container = _containers.GetOrAdd(name, CreateAsync);
        try
        {
            return await container;
        }
        catch
        {
            // The next caller tries again.
            _containers.TryRemove(KeyValuePair.Create(name, container));
            throw;
        }
    }

    /// <summary>Not under a caller's token: the next caller waits for the same task.</summary>
    private async Task<BlobContainerClient> CreateAsync(string name)
    {
        BlobContainerClient container = service.GetBlobContainerClient(name);
        await container.CreateIfNotExistsAsync();
        return container;
    }
}
