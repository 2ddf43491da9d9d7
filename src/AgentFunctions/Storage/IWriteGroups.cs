namespace AgentFunctions.Storage;

/// <summary>Commits several writes to the stores together. Registered by adapters whose stores share their commits.</summary>
public interface IWriteGroups
{
    /// <summary>
    /// Begins a group. Writes that the caller starts are held back until the group is disposed, and are then committed together
    /// or not at all; only a write whose condition does not hold is left out. Await none of them before: they do not complete. A
    /// group that is begun within another joins it.
    /// </summary>
    /// <returns>The group. A write that is started after it was disposed is committed by itself.</returns>
    IDisposable Begin();
}
