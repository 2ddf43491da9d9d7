namespace AgentFunctions.Storage;

/// <summary>Reclaims the space of deleted data in a store. Registered by adapters whose stores keep deleted data until then.</summary>
public interface IStoreMaintenance
{
    /// <summary>Reclaims the space of deleted data, so that no byte of it is left.</summary>
    /// <param name="cancellationToken">The token to cancel the work; a part may be done.</param>
    /// <returns>Whether all of it was reclaimed; otherwise something is being read, and a later call reclaims the rest.</returns>
    Task<bool> ReclaimAsync(CancellationToken cancellationToken = default);
}
