using System.Collections.Concurrent;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

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

    /// <summary>Calls the account, and puts what it answers into the words of the ports.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (IsOfTheAccount(e) || e is AggregateException { InnerException: { } first }
            && (IsOfTheAccount(first) || first is OperationCanceledException))
        {
            if (e is RequestFailedException refused && refused.ErrorCode == BlobErrorCode.ContainerNotFound)
            {
                // Removed under this process: the next call makes it again.
                _containers.Clear();
            }

            throw new AgentException(ErrorCode.EngineUnavailable,
                $"The storage account did not take the call: {e.Message.Split('\n')[0]}", e);
        }
    }

    /// <summary>Also a sign-in that fails: a managed identity may take a while to be there.</summary>
    private static bool IsOfTheAccount(Exception e) =>
        e is RequestFailedException or IOException or AuthenticationFailedException;

    /// <summary>Not under a caller's token: the next caller waits for the same task.</summary>
    private async Task<BlobContainerClient> CreateAsync(string name)
    {
        BlobContainerClient container = service.GetBlobContainerClient(name);
        await container.CreateIfNotExistsAsync();
        return container;
    }
}
