using System.Collections.Concurrent;
using AgentFunctions.Storage;
using Azure;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// Small records that this process wrote or read lately, with their versions. Never trusted: a record is taken from here only if
/// the storage account has just said that its version is the same.
/// </summary>
internal sealed class RecordMemory
{
    private const int MaxRecords = 4_096;
    private const int MaxBytes = 4 * 1024;

    private readonly ConcurrentDictionary<string, StoredRecord> _records = new(StringComparer.Ordinal);

    public void Remember(StoredRecord record)
    {
        if (record.Value.Length > MaxBytes)
        {
            Forget(record.Key);
            return;
        }

        if (_records.Count >= MaxRecords)
        {
            _records.Clear();
        }

        _records[record.Key] = record;
    }

    public void Forget(string key) => _records.TryRemove(key, out _);

    /// <summary>The record in a version; <see langword="null"/> if it is not remembered in that one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="etag">The version. Listings have it without the quotation marks that answers have.</param>
    public StoredRecord? Find(string key, ETag? etag) =>
        _records.TryGetValue(key, out StoredRecord? record) && etag is { } version
        && record.Etag.AsSpan().Trim('"').SequenceEqual(version.ToString().AsSpan().Trim('"'))
            ? record
            : null;
}
