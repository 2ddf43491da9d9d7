namespace AgentFunctions.Keys;

/// <summary>
/// Keeps one wrapped key per run tree. Keep it apart from the data: whoever deletes a key makes what it seals unreadable for
/// good.
/// </summary>
internal interface ITreeKeyStore
{
    /// <summary>
    /// Gets whether other processes destroy keys too: what is remembered of a key is looked up again from time to time.
    /// </summary>
    bool IsShared { get; }

    /// <summary>
    /// Gets the wrapped key of a tree, or <see langword="null"/>. One that was destroyed has nothing but zeros, or no bytes at
    /// all.
    /// </summary>
    /// <param name="root">The run at the root of the tree.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task<byte[]?> FindAsync(string root, CancellationToken cancellationToken = default);

    /// <summary>Adds the wrapped key of a tree.</summary>
    /// <param name="root">The run at the root of the tree.</param>
    /// <param name="wrapped">The key, encrypted.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the key may have been added.</param>
    /// <returns>False if the tree has a key already; nothing was changed.</returns>
    Task<bool> TryAddAsync(string root, byte[] wrapped, CancellationToken cancellationToken = default);

    /// <summary>
    /// Destroys the key of a tree, so that nothing brings it back and none can be added in its place. Safe to repeat.
    /// </summary>
    /// <param name="root">The run at the root of the tree.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the key may have been destroyed.</param>
    Task DestroyAsync(string root, CancellationToken cancellationToken = default);
}
