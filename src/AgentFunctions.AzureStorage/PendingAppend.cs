namespace AgentFunctions.AzureStorage;

/// <summary>Entries that wait to be written to a stream.</summary>
/// <param name="entries">What to add, in order.</param>
/// <param name="expectedPosition">
/// The position that the first entry must get; <see langword="null"/> for wherever the end is.
/// </param>
internal sealed class PendingAppend(IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition)
{
    private readonly TaskCompletionSource<long> _position = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<ReadOnlyMemory<byte>> Entries => entries;

    public long? ExpectedPosition => expectedPosition;

    /// <summary>The size of a block of these entries alone.</summary>
    public int Bytes { get; } = LogBlock.SizeOf(entries);

    /// <summary>Gets or sets the token of who waits for it.</summary>
    public CancellationToken Token { get; set; }

    /// <summary>The position of the first entry, once it is written.</summary>
    public Task<long> Position => _position.Task;

    public void Written(long position) => _position.SetResult(position);

    public void Failed(Exception error)
    {
        _position.SetException(error);
        // Who waited may have stopped.
        _ = _position.Task.Exception;
    }
}
