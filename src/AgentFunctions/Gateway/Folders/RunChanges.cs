using AgentFunctions.Runs;
using AgentFunctions.Snapshots;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Represents what a run and its sub-agents changed in their folder.</summary>
/// <param name="Run">The run.</param>
/// <param name="Mode">Which changes of the folder are kept.</param>
/// <param name="Entries">The entries, in order.</param>
public sealed record RunChanges(string Run, SnapshotMode Mode, IReadOnlyList<RunChangeEntry> Entries)
{
    /// <summary>Gets all that was left out or not kept of the folder so far, so that a restore leaves it as it is.</summary>
    public IReadOnlyList<SkippedPath> Skipped { get; init; } = [];
}

/// <summary>Represents the changes of one call, changes that were found, or a restore.</summary>
/// <param name="Seq">The number of the entry.</param>
/// <param name="At">When it was entered (UTC).</param>
/// <param name="Changes">What changed.</param>
public sealed record RunChangeEntry(long Seq, DateTimeOffset At, IReadOnlyList<FolderChange> Changes)
{
    /// <summary>Gets the run that made the changes; <see langword="null"/> for what was found changed.</summary>
    public string? Run { get; init; }

    /// <summary>Gets the turn; of a restore, the turn whose state was restored.</summary>
    public int? Turn { get; init; }

    /// <summary>Gets the number of the call within its turn; <see langword="null"/> if no call made the changes.</summary>
    public int? Call { get; init; }

    /// <summary>Gets whether the entry is a restore.</summary>
    public bool IsRestore { get; init; }

    /// <summary>Gets the paths whose content was not kept.</summary>
    public IReadOnlyList<SkippedPath> Skipped { get; init; } = [];
}

/// <summary>Represents the files of a run's folder at the end of a turn, as far as they are known.</summary>
/// <param name="Run">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Files">The files, links and folders, by path.</param>
public sealed record RunFiles(string Run, int Turn, IReadOnlyDictionary<string, FileImage> Files);
