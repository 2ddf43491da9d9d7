namespace AgentFunctions.Storage;

/// <summary>Represents how far something that only grows had grown at some moment.</summary>
/// <param name="Epoch">The identity of what grows, at most 128 letters, digits, <c>.</c>, <c>_</c>, <c>:</c> or <c>-</c>.</param>
/// <param name="Count">How many entries, or commits, were durable.</param>
/// <param name="Chain">
/// A value that only the true content leads to, such as the hash of the last entry; in the form of the epoch.
/// </param>
public sealed record Head(string Epoch, long Count, string Chain);

/// <summary>
/// Keeps named heads outside the store that they speak of, so that a store that was emptied, cut, swapped or rolled back is told
/// from a whole one.
/// </summary>
/// <remarks>
/// A head is written only after what it speaks of is durable. It may be behind, which is no fault; what is behind its head has
/// lost something. Heads carry the seal of the host, so a planted one is not taken for a true one.
/// </remarks>
public interface IHeadStore
{
    /// <summary>Reads the last head of a name.</summary>
    /// <param name="name">The name: letters, digits, <c>.</c>, <c>_</c> or <c>-</c>.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The head; <see langword="null"/> if none was ever written.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileUnusable"/>: what is there does not carry the host's seal.
    /// </exception>
    ValueTask<Head?> ReadAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes the head of a name in place of the one before. It survives the end of the process at once, a loss of power in time.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="head">The head.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.EngineUnavailable"/>: it cannot be written now.</exception>
    ValueTask WriteAsync(string name, Head head, CancellationToken cancellationToken = default);

    /// <summary>Removes the head of a name, so that the next one starts anew. Call it only on a person's decision.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    ValueTask RemoveAsync(string name, CancellationToken cancellationToken = default);
}
