namespace AgentFunctions.Storage;

/// <summary>Gives back what deletions have left in a store. Registered by adapters whose stores keep deleted data until then.</summary>
public interface IStoreMaintenance
{
    /// <summary>Gives back what was deleted, so that no byte of it is left.</summary>
    /// <param name="cancellationToken">The token to cancel the work; a part may be done.</param>
    /// <returns>Whether all was given back; if not, something is being read, and a later call does.</returns>
    Task<bool> ReclaimAsync(CancellationToken cancellationToken = default);
}
