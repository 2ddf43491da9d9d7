namespace AgentFunctions.Keys;

/// <summary>
/// Keeps key pairs. What it returns can sign in this host's name, so keep it apart from the data that the signatures protect.
/// </summary>
public interface ISigningKeyStore
{
    /// <summary>
    /// Gets whether other hosts may add keys at the same time, so that what was read is read again now and then.
    /// </summary>
    bool IsShared => true;

    /// <summary>Reads the keys of a purpose, oldest first.</summary>
    /// <param name="purpose">What they are for: <c>audit</c> or <c>tokens</c>.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task<IReadOnlyList<StoredKey>> ReadAsync(string purpose, CancellationToken cancellationToken = default);

    /// <summary>Adds the next key of a purpose.</summary>
    /// <param name="purpose">What it is for.</param>
    /// <param name="number">Its number: how many there were before.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>False where another host has added that number meanwhile; nothing was kept.</returns>
    Task<bool> TryAddAsync(string purpose, int number, StoredKey key, CancellationToken cancellationToken = default);
}
