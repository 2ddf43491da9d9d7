using AgentFunctions.Snapshots;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Represents a request to restore the folder of a run to its state at the end of a turn.</summary>
/// <param name="Turn">The turn, from 0 (before the first) to the turns of the run.</param>
public sealed record RestoreRequest(int Turn)
{
    /// <summary>Gets the files and folders to restore; all by default.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>Gets whether the restore is only previewed.</summary>
    public bool DryRun { get; init; }

    /// <summary>
    /// Gets whether later changes of others are overwritten; by default they are kept and reported as conflicts.
    /// </summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Gets the decisions about paths that others have changed since, by path; <see cref="AnyPath"/> stands for all others.
    /// </summary>
    public IReadOnlyDictionary<string, ConflictChoice>? Resolve { get; init; }

    /// <summary>
    /// Gets whether people are asked about the conflicts that are left, as a question of the run, whose answer is carried out.
    /// </summary>
    public bool Ask { get; init; }

    /// <summary>Gets whether only what others have changed since is looked at: the rest was restored before.</summary>
    internal bool OnlyConflicts { get; init; }

    /// <summary>The key in <see cref="Resolve"/> that stands for all paths that are not named.</summary>
    public const string AnyPath = "*";

    internal ConflictChoice? ChoiceOf(string path) => Overwrite ? ConflictChoice.Restore
        : Resolve is null ? null
        : Resolve.TryGetValue(path, out ConflictChoice choice) || Resolve.TryGetValue(AnyPath, out choice) ? choice : null;
}

/// <summary>Specifies how a path that others have changed since is handled.</summary>
public enum ConflictChoice
{
    /// <summary>The path is left as it is.</summary>
    Keep,

    /// <summary>The earlier state is restored, and what others have changed is lost.</summary>
    Restore,

    /// <summary>
    /// The changes of the run are taken out of a text and those of others are kept, if they do not touch the same lines;
    /// otherwise the path remains in conflict.
    /// </summary>
    Merge,
}

/// <summary>Represents the result of a restore, or of its preview.</summary>
/// <param name="Run">The run.</param>
/// <param name="Turn">The turn whose state was restored.</param>
/// <param name="Restored">The changes that the restore made.</param>
/// <param name="Conflicts">The paths that were kept because others have changed them since.</param>
/// <param name="Skipped">The paths that could not be restored.</param>
public sealed record RestoreReport(
    string Run, int Turn, IReadOnlyList<FolderChange> Restored, IReadOnlyList<RestoreConflict> Conflicts,
    IReadOnlyList<SkippedPath> Skipped)
{
    /// <summary>Gets whether this is a preview: nothing was changed.</summary>
    public bool DryRun { get; init; }

    /// <summary>
    /// Gets the effects outside the folder of calls after the turn, by tool: they are not undone. Calls that versions before
    /// recorded are not among them.
    /// </summary>
    public IReadOnlyList<EffectLeft> Effects { get => field ?? []; init; }

    /// <summary>Gets the question to people about the conflicts; <see langword="null"/> if none was asked.</summary>
    public string? Question { get; init; }
}

/// <summary>Represents a path that was kept because others have changed it.</summary>
/// <param name="Path">The path.</param>
/// <param name="By">Who changed it.</param>
/// <param name="Present">The entry at the path; <see langword="null"/> if there is none.</param>
/// <param name="Target">The entry that a restore would bring back; <see langword="null"/> if it would remove the path.</param>
public sealed record RestoreConflict(string Path, string By, FileImage? Present, FileImage? Target)
{
    /// <summary>Gets whether <see cref="ConflictChoice.Merge"/> would resolve it.</summary>
    public bool IsMergeable { get; init; }
}
