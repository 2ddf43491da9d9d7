namespace AgentFunctions.Keys;

/// <summary>Keeps one wrapped key per run tree. Keep it apart from the data: whoever deletes a key makes what it seals unreadable for good.</summary>
internal interface ITreeKeyStore
{
    /// <summary>Gets the wrapped key of a tree, or <see langword="null"/>.</summary>
    /// <param name="root">The run at the root of the tree.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task<byte[]?> FindAsync(string root, CancellationToken cancellationToken = default);

    /// <summary>Adds the wrapped key of a tree.</summary>
    /// <param name="root">The run at the root of the tree.</param>
    /// <param name="wrapped">The key, encrypted.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the key may have been added.</param>
    /// <returns>False if the tree has a key already; nothing was changed.</returns>
    Task<bool> TryAddAsync(string root, byte[] wrapped, CancellationToken cancellationToken = default);
}
