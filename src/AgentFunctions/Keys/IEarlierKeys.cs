namespace AgentFunctions.Keys;

/// <summary>Tells the keys of versions that did not seal them from planted ones.</summary>
internal interface IEarlierKeys
{
    /// <summary>Whether a key that bears no seal is one of this host's.</summary>
    /// <param name="purpose">What the key is for.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task<bool> IsKnownAsync(string purpose, StoredKey key, CancellationToken cancellationToken);
}
