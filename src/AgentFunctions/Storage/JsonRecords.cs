using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AgentFunctions.Storage;

/// <summary>Records of one type as JSON, read and changed by key.</summary>
/// <typeparam name="T">The type.</typeparam>
/// <param name="records">The store.</param>
/// <param name="type">How values are written.</param>
internal sealed class JsonRecords<T>(IRecordStore records, JsonTypeInfo<T> type)
    where T : class
{
    /// <summary>Reads a value and its version.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The value; <see langword="null"/> if there is none.</returns>
    public async Task<(T Value, string Etag)?> FindAsync(string key, CancellationToken cancellationToken) =>
        await records.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } record ? (Read(record), record.Etag) : null;

    /// <summary>Writes a value, unless the record has changed since the version that was read.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="etag">The version that was read; <see langword="null"/> if there was none.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The new version; <see langword="null"/> if the record has changed.</returns>
    public Task<string?> TryPutAsync(string key, T value, string? etag, CancellationToken cancellationToken) =>
        records.TryPutAsync(key, Write(value), RecordCondition.Since(etag), cancellationToken);

    /// <summary>Changes a value, again if others change it at the same time.</summary>
    /// <param name="key">The key.</param>
    /// <param name="change">
    /// Returns the new value. It is called once for each attempt; a value that it returns unchanged is not written.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <param name="empty">The value to change if there is none yet; <see langword="null"/> to pass that on.</param>
    /// <returns>The value from now on.</returns>
    public async Task<T> UpdateAsync(string key, Func<T?, T> change, CancellationToken cancellationToken, T? empty = null)
    {
        while (true)
        {
            (T Value, string Etag)? found = await FindAsync(key, cancellationToken).ConfigureAwait(false);
            T? before = found?.Value ?? empty;
            T after = change(before);
            if (ReferenceEquals(after, before)
                || await TryPutAsync(key, after, found?.Etag, cancellationToken).ConfigureAwait(false) is not null)
            {
                return after;
            }
        }
    }

    /// <summary>Reads the value of a record.</summary>
    /// <param name="record">The record.</param>
    /// <exception cref="JsonException">The record holds no such value.</exception>
    public T Read(StoredRecord record) =>
        JsonSerializer.Deserialize(record.Value.Span, type) ?? throw new JsonException($"record '{record.Key}': it is empty");

    private byte[] Write(T value) => JsonSerializer.SerializeToUtf8Bytes(value, type);
}
