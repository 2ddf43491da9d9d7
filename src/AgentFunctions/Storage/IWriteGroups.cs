namespace AgentFunctions.Storage;

/// <summary>Makes several writes to the stores one commit. Registered by adapters whose stores share their commits.</summary>
public interface IWriteGroups
{
    /// <summary>
    /// Begins a group: what the caller hands over to the stores is held back until the group is disposed of, and is then on disk in one
    /// commit or not at all; only a write whose condition does not hold is left out. Await none of it before. A group within another joins it.
    /// </summary>
    IDisposable Begin();
}
