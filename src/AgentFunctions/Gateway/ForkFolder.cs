namespace AgentFunctions.Gateway;

/// <summary>Specifies the folder of a fork.</summary>
public enum ForkFolder
{
    /// <summary>
    /// A folder of its own, as the run's was at the end of the turn. The default if runs have folders of their own.
    /// </summary>
    Restore,

    /// <summary>The folder of the run, as it is. The default if runs share a folder.</summary>
    Share,
}
