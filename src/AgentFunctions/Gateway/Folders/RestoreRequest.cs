using AgentFunctions.Snapshots;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Represents the request to bring the folder of a run back to how it was at the end of a turn.</summary>
/// <param name="Turn">The turn, from 0 (before the first) to the turns of the run.</param>
public sealed record RestoreRequest(int Turn)
{
    /// <summary>Gets the files and folders to bring back; by default all.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>Gets whether it is only said what would be done.</summary>
    public bool DryRun { get; init; }

    /// <summary>Gets whether what others have changed since is overwritten too; by default it is kept and named.</summary>
    public bool Overwrite { get; init; }
}

/// <summary>Represents what was brought back, or would be.</summary>
/// <param name="Run">The run.</param>
/// <param name="Turn">The turn that was gone back to.</param>
/// <param name="Restored">What changed by it: before, and after.</param>
/// <param name="Conflicts">What others have changed since, which was kept.</param>
/// <param name="Skipped">What could not be brought back.</param>
public sealed record RestoreReport(
    string Run, int Turn, IReadOnlyList<FolderChange> Restored, IReadOnlyList<RestoreConflict> Conflicts, IReadOnlyList<SkippedPath> Skipped)
{
    /// <summary>Gets whether nothing was done.</summary>
    public bool DryRun { get; init; }
}

/// <summary>Represents a path that others have changed since.</summary>
/// <param name="Path">The path.</param>
/// <param name="By">Who changed it.</param>
/// <param name="Present">What stands there; <see langword="null"/> for nothing.</param>
/// <param name="Target">What would stand there; <see langword="null"/> for nothing.</param>
public sealed record RestoreConflict(string Path, string By, FileImage? Present, FileImage? Target);
