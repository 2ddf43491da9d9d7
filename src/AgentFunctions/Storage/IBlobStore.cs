namespace AgentFunctions.Storage;

/// <summary>Stores content by its hash. Content is never changed, and equal content is stored once.</summary>
/// <remarks>
/// A write is durable when it returns. Every member throws <see cref="AgentException"/> with
/// <see cref="ErrorCode.EngineUnavailable"/> when the store cannot be reached or cannot record.
/// </remarks>
public interface IBlobStore
{
    /// <summary>Keeps content; content that is there already is fine.</summary>
    /// <param name="content">The bytes, at most 256 MiB.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the content may have been kept.</param>
    /// <returns>Its SHA-256 as 64 lower-case hexadecimal digits.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.PayloadTooLarge"/>: the content is too large.</exception>
    Task<string> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>Reads the content of a hash; <see langword="null"/> if there is none.</summary>
    /// <param name="hash">The hash that <see cref="PutAsync"/> returned.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task<ReadOnlyMemory<byte>?> GetAsync(string hash, CancellationToken cancellationToken = default);

    /// <summary>Deletes the content of a hash; one that is not there is fine.</summary>
    /// <param name="hash">The hash that <see cref="PutAsync"/> returned.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the content may have been deleted.</param>
    Task DeleteAsync(string hash, CancellationToken cancellationToken = default);
}
