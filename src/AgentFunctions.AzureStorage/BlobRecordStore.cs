using System.Runtime.CompilerServices;
using AgentFunctions.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AgentFunctions.AzureStorage;

/// <summary>Records as block blobs; their versions are the blobs' ETags.</summary>
/// <param name="containers">The containers of the account.</param>
/// <param name="container">The one that the records are in.</param>
internal sealed class BlobRecordStore(BlobContainers containers, string container = BlobRecordStore.Data) : IRecordStore
{
    /// <summary>The container of the records of runs.</summary>
    public const string Data = "agent-records";

    /// <summary>The container of the keys of run trees, so that no copy of the data has its keys.</summary>
    public const string TreeKeys = "agent-tree-keys";

    private const int MaxBytes = 1024 * 1024;

    private const int NotModified = 304;

    /// <summary>The metadata by which a write is known again.</summary>
    private const string Write = "write";

    /// <summary>A listing names blobs only, so their contents are read ahead, a few at a time.</summary>
    private const int ReadAhead = 16;

    private readonly RecordMemory _memory = new();

    public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(key, nameof(key));
        return containers.RunAsync(async () => await ReadAsync(await containers.GetAsync(container), key, null,
            cancellationToken));
    }

    public Task<StoredRecord?> GetIfChangedAsync(string key, string etag, CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(key, nameof(key));
        return containers.RunAsync(async () => await ReadAsync(
            await containers.GetAsync(container), key, new BlobRequestConditions { IfNoneMatch = new ETag(etag) },
            cancellationToken));
    }

    public Task<string> PutAsync(
        string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
        CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(key, nameof(key));
        if (value.Length > MaxBytes)
        {
            throw new AgentException(
                ErrorCode.PayloadTooLarge,
                $"value: {value.Length} bytes, a record takes at most {MaxBytes}; keep the rest as a blob.");
        }

        return containers.RunAsync(async () =>
        {
            BlobClient blob = (await containers.GetAsync(container)).GetBlobClient(key);
            var options = new BlobUploadOptions
            {
                Conditions = Of(condition),
                Metadata = new Dictionary<string, string> { [Write] = Guid.NewGuid().ToString("N") },
            };
            ETag etag;
            try
            {
                etag = (await blob.UploadAsync(BinaryData.FromBytes(value), options, cancellationToken)).Value.ETag;
            }
            catch (RequestFailedException e) when (e.IsConditionNotMet() || e.IsMissing())
            {
                // Somebody wrote there: another writer, or this one, where the answer to a first try was lost.
                etag = await FindAsync(blob, options.Metadata[Write], cancellationToken) ?? throw Conflict(key, e);
            }

            _memory.Remember(new StoredRecord(key, value.ToArray(), etag.ToString()));
            return etag.ToString();
        });
    }

    public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(key, nameof(key));
        return containers.RunAsync(async () =>
        {
            BlobContainerClient blobs = await containers.GetAsync(container);
            _memory.Forget(key);
            try
            {
                return (await blobs.GetBlobClient(key).DeleteIfExistsAsync(
                    DeleteSnapshotsOption.IncludeSnapshots, Of(condition), cancellationToken)).Value;
            }
            catch (RequestFailedException e) when (e.IsConditionNotMet())
            {
                throw Conflict(key, e);
            }
        });
    }

    public async IAsyncEnumerable<StoredRecord> ListAsync(
        string prefix, string? after = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        BlobContainerClient blobs = await containers.RunAsync(() => containers.GetAsync(container));
        var ahead = new Queue<Task<StoredRecord?>>();
        await using IAsyncEnumerator<BlobItem> names =
            blobs.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken)
                .GetAsyncEnumerator(cancellationToken);
        bool more = true;
        while (more || ahead.Count > 0)
        {
            while (more && ahead.Count < ReadAhead && (more = await containers.RunAsync(() => names.MoveNextAsync().AsTask())))
            {
                if (after is null || string.CompareOrdinal(names.Current.Name, after) > 0)
                {
                    // What this process wrote or read is not read again while the listing has it in the same version.
                    ahead.Enqueue(_memory.Find(names.Current.Name, names.Current.Properties.ETag) is { } known
                        ? Task.FromResult<StoredRecord?>(known)
                        : ReadAsync(blobs, names.Current.Name, null, cancellationToken));
                }
            }

            // A record that was deleted since it was listed is not there.
            if (ahead.TryDequeue(out Task<StoredRecord?>? next) && await containers.RunAsync(() => next) is { } record)
            {
                yield return record;
            }
        }
    }

    /// <summary>The version that a write has made; <see langword="null"/> if the record is not of that write.</summary>
    private static async Task<ETag?> FindAsync(BlobClient blob, string write, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties found = await blob.GetPropertiesAsync(null, cancellationToken);
            return found.Metadata.TryGetValue(Write, out string? last) && last == write ? found.ETag : null;
        }
        catch (RequestFailedException e) when (e.IsMissing())
        {
            return null;
        }
    }

    private async Task<StoredRecord?> ReadAsync(
        BlobContainerClient blobs, string key, BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        try
        {
            Response<BlobDownloadResult> answer = await blobs.GetBlobClient(key).DownloadContentAsync(
                new BlobDownloadOptions { Conditions = conditions }, cancellationToken);
            if (answer.GetRawResponse().Status == NotModified)
            {
                return null;
            }

            BlobDownloadResult blob = answer.Value;
            var record = new StoredRecord(key, blob.Content.ToMemory(), blob.Details.ETag.ToString());
            _memory.Remember(record);
            return record;
        }
        catch (RequestFailedException e) when (e.IsMissing() || e.Status == NotModified)
        {
            return null;
        }
    }

    private static BlobRequestConditions? Of(RecordCondition condition) => condition switch
    {
        { MustNotExist: true } => new BlobRequestConditions { IfNoneMatch = ETag.All },
        { Etag: { } etag } => new BlobRequestConditions { IfMatch = new ETag(etag) },
        _ => null,
    };

    private static AgentException Conflict(string key, Exception cause) => new(
        ErrorCode.EtagConflict, $"The record '{key}' has changed; read it and decide again.", cause);
}
