namespace AgentFunctions.Storage;

/// <summary>Stores append-only streams of small entries, each numbered from 0 without gaps.</summary>
/// <remarks>
/// An append is atomic and durable when it returns. Every member throws <see cref="AgentException"/> with
/// <see cref="ErrorCode.EngineUnavailable"/> when the store cannot be reached or cannot record; an append may then be
/// repeated with the position that it expected.
/// </remarks>
public interface ILogStore
{
    /// <summary>
    /// Gets whether other processes may append to the streams at the same time. What is remembered of a shared store is compared
    /// with the store before it is believed.
    /// </summary>
    bool IsShared => true;

    /// <summary>Adds entries at the end of a stream; a new name makes a new stream.</summary>
    /// <param name="stream">The stream: segments of <c>A-Z a-z 0-9 . _ -</c> joined by <c>/</c>, at most 512 characters.</param>
    /// <param name="entries">What to add, in order; at least one, each at most 1 MiB (larger things are blobs).</param>
    /// <param name="expectedPosition">
    /// The position that the first entry must get; <see langword="null"/> for wherever the end is.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait; the entries may have been added.</param>
    /// <returns>The position of the first added entry.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.PositionConflict"/>: the stream does not end at the expected position; nothing was added.
    /// <see cref="ErrorCode.PayloadTooLarge"/>: an entry is too large; nothing was added.
    /// </exception>
    Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null,
        CancellationToken cancellationToken = default);

    /// <summary>Reads the entries from a position to the present end, in order; none for a stream that does not exist.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="fromPosition">The first position to read.</param>
    /// <param name="maxCount">The most entries to read; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null, CancellationToken cancellationToken = default);

    /// <summary>Gets the number of entries of a stream; 0 for one that does not exist.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default);

    /// <summary>Waits until a stream has more entries than a number; returns at once if it has.</summary>
    /// <param name="stream">The stream; it need not exist yet.</param>
    /// <param name="length">The length to pass.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes entries at the beginning of a stream, as far as the store can: it may keep some of them, or all. The last entry
    /// stays, and positions are as before.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="before">The position before which entries are deleted.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task TrimAsync(string stream, long before, CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <summary>
    /// Finds how far <see cref="TrimAsync"/> would delete now: a store may only be able to delete whole parts of a stream.
    /// </summary>
    /// <param name="stream">The stream; it need not exist.</param>
    /// <param name="before">The position before which entries would be deleted.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    /// <returns>
    /// The position of the first entry that would be left, at most <paramref name="before"/>; 0 if nothing would be deleted, as
    /// by default.
    /// </returns>
    Task<long> FindTrimAsync(string stream, long before, CancellationToken cancellationToken = default) => Task.FromResult(0L);

    /// <summary>Deletes a stream; one that does not exist is fine.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task DeleteAsync(string stream, CancellationToken cancellationToken = default);
}

/// <summary>Represents an entry of a stream.</summary>
/// <param name="Position">Its number in the stream, from 0.</param>
/// <param name="Data">What was appended.</param>
public readonly record struct LogEntry(long Position, ReadOnlyMemory<byte> Data);
