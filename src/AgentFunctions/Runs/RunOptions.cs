namespace AgentFunctions.Runs;

/// <summary>Represents the settings of runs on this host.</summary>
public sealed class RunOptions
{
    /// <summary>
    /// Gets or sets the folder that every run works in; it must exist. By default <see langword="null"/>: see
    /// <see cref="WorkspaceRoot"/>.
    /// </summary>
    public string? Workspace { get; set; }

    /// <summary>
    /// Gets or sets the folder under which every run gets a folder of its own, for hosts without a shared
    /// <see cref="Workspace"/>. By default <see langword="null"/>: runs have no folder, and the workspace tools say so.
    /// </summary>
    public string? WorkspaceRoot { get; set; }

    /// <summary>
    /// Gets or sets the most turns of a run whose agent names no limit and whose budget limits nothing; 1,000 by default, at
    /// least 1. The configuration's <c>Runs:MaxTurns</c>.
    /// </summary>
    public int MaxTurns { get; set; } = 1_000;

    /// <summary>
    /// Gets or sets which changes of a run's folder are kept, so that they can be undone. By default <see langword="null"/>: all
    /// in a folder of the run's own, and what is written by name in a <see cref="Workspace"/> that runs share. The
    /// configuration's <c>Workspace:Snapshots</c> goes before it.
    /// </summary>
    public SnapshotMode? Snapshots { get; set; }
}
