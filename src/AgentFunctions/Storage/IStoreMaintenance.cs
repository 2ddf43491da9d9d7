namespace AgentFunctions.Storage;

/// <summary>
/// Removes what is left of deleted data in a store. Registered by adapters whose stores keep some of it until then.
/// </summary>
public interface IStoreMaintenance
{
    /// <summary>
    /// Rewrites the store without what was deleted before the call, and reclaims its space. Writes wait meanwhile.
    /// </summary>
    /// <param name="cancellationToken">The token to cancel the wait; a rewrite that was begun goes on.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/>: the store cannot be rewritten now, for example because the disk is full. It is
    /// as it was.
    /// </exception>
    Task ReclaimAsync(CancellationToken cancellationToken = default);

    /// <summary>Empties the log of a store that was rewritten. The log still holds what was deleted.</summary>
    /// <param name="cancellationToken">The token to cancel the work; a part may be done.</param>
    /// <returns>Whether the log is empty; otherwise an older state is being read, and a later call empties it.</returns>
    Task<bool> EmptyLogAsync(CancellationToken cancellationToken = default);
}
