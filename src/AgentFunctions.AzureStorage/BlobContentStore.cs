using System.Security.Cryptography;
using AgentFunctions.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AgentFunctions.AzureStorage;

/// <summary>Content as block blobs named by their hash.</summary>
internal sealed class BlobContentStore(BlobContainers containers) : IBlobStore
{
    private const string Container = "agent-content";
    private const int MaxBytes = 256 * 1024 * 1024;

    public Task<string> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        if (content.Length > MaxBytes)
        {
            throw new AgentException(ErrorCode.PayloadTooLarge,
                $"content: {content.Length} bytes, at most {MaxBytes} are kept as one.");
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(content.Span));
        return containers.RunAsync(async () =>
        {
            BlobClient blob = (await containers.GetAsync(Container)).GetBlobClient(hash);
            try
            {
                var onlyIfNew = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
                await blob.UploadAsync(BinaryData.FromBytes(content), onlyIfNew, cancellationToken);
            }
            catch (RequestFailedException e) when (e.IsConditionNotMet())
            {
                // Equal content is there already.
            }

            return hash;
        });
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(string hash, CancellationToken cancellationToken = default)
    {
        Ensure(hash);
        return containers.RunAsync<ReadOnlyMemory<byte>?>(async () =>
        {
            try
            {
                BlobClient blob = (await containers.GetAsync(Container)).GetBlobClient(hash);
                return (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToMemory();
            }
            catch (RequestFailedException e) when (e.IsMissing())
            {
                return null;
            }
        });
    }

    public Task DeleteAsync(string hash, CancellationToken cancellationToken = default)
    {
        Ensure(hash);
        return containers.RunAsync(async () =>
            (await (await containers.GetAsync(Container)).GetBlobClient(hash).DeleteIfExistsAsync(
                DeleteSnapshotsOption.IncludeSnapshots, null, cancellationToken)).Value);
    }

    private static void Ensure(string hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        if (hash.Length != 2 * SHA256.HashSizeInBytes || !hash.All(char.IsAsciiHexDigitLower))
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"hash: '{hash}' is not a SHA-256. Use the 64 lower-case digits that storing returned.");
        }
    }
}
