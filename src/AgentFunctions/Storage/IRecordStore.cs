namespace AgentFunctions.Storage;

/// <summary>Stores small values by key, each with a version for conditional writes.</summary>
/// <remarks>
/// A write is durable when it returns. Every member throws <see cref="AgentException"/> with
/// <see cref="ErrorCode.EngineUnavailable"/> when the store cannot be reached or cannot record.
/// </remarks>
public interface IRecordStore
{
    /// <summary>
    /// Gets whether other processes may write records at the same time. What is remembered of a shared store is compared with the
    /// store before it is believed.
    /// </summary>
    bool IsShared => true;

    /// <summary>Reads the record under a key; <see langword="null"/> if there is none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads the record under a key if it has changed; a store that can tells so without sending the value again.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="etag">The version that is known.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The record; <see langword="null"/> if it still has that version, or there is none.</returns>
    async Task<StoredRecord?> GetIfChangedAsync(string key, string etag, CancellationToken cancellationToken = default) =>
        await GetAsync(key, cancellationToken).ConfigureAwait(false) is { } record && record.Etag != etag ? record : null;

    /// <summary>Writes a record.</summary>
    /// <param name="key">The key: segments of <c>A-Z a-z 0-9 . _ -</c> joined by <c>/</c>, at most 512 characters.</param>
    /// <param name="value">The value, at most 1 MiB.</param>
    /// <param name="condition">What must hold; by default nothing.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the record may have been written.</param>
    /// <returns>The new version.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EtagConflict"/>: the condition does not hold; nothing changed.
    /// <see cref="ErrorCode.PayloadTooLarge"/>: the value is too large; nothing changed.
    /// </exception>
    Task<string> PutAsync(
        string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
        CancellationToken cancellationToken = default);

    /// <summary>Deletes a record; one that does not exist is fine.</summary>
    /// <param name="key">The key.</param>
    /// <param name="condition">What must hold; by default nothing.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EtagConflict"/>: the condition does not hold; nothing changed.
    /// </exception>
    Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default);

    /// <summary>Lists the records whose keys begin with a prefix, in ordinal order of their keys.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <param name="after">Only keys after this one; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after = null, CancellationToken cancellationToken = default);
}

/// <summary>Represents a record as it was read.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Value">Its value.</param>
/// <param name="Etag">Its version: changes with every write, and is never used twice for one key.</param>
public sealed record StoredRecord(string Key, ReadOnlyMemory<byte> Value, string Etag);

/// <summary>Represents the condition of a write to a record.</summary>
public readonly record struct RecordCondition
{
    private RecordCondition(string? etag, bool mustNotExist) => (Etag, MustNotExist) = (etag, mustNotExist);

    /// <summary>Gets the version that the record must have; <see langword="null"/> for any.</summary>
    public string? Etag { get; }

    /// <summary>Gets whether there must be no record under the key.</summary>
    public bool MustNotExist { get; }

    /// <summary>Gets the condition that there is no record under the key.</summary>
    public static RecordCondition IfNew { get; } = new(null, true);

    /// <summary>Creates the condition that the record has a version.</summary>
    /// <param name="etag">The version that was read.</param>
    public static RecordCondition IfMatch(string etag) => new(etag, false);

    /// <summary>The record must not have changed since it was read.</summary>
    /// <param name="etag">The version that was read; <see langword="null"/> if there was none.</param>
    internal static RecordCondition Since(string? etag) => etag is null ? IfNew : IfMatch(etag);
}
