namespace AgentFunctions.Runs;

/// <summary>Specifies which changes of the folder of a run are kept, so that they can be undone.</summary>
public enum SnapshotMode
{
    /// <summary>None.</summary>
    Off,

    /// <summary>What the tools write that name the file that they write.</summary>
    Writes,

    /// <summary>These, and what commands change: the folder is gone through before and after each.</summary>
    All,
}
