namespace AgentFunctions.Runs;

/// <summary>Tells the folders that the host makes for runs from those that it is given.</summary>
internal static class RunFolders
{
    /// <summary>
    /// Determines whether the host made a folder for a run: it lies right below the folder of all of them, and its name is an id
    /// as the host makes them.
    /// </summary>
    public static bool IsOwn(RunOptions options, string folder) => options is { Workspace: null, WorkspaceRoot: { } root }
        && Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(root))
        && RunId.IsMade(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)));

    /// <summary>Gets which changes of a folder are kept.</summary>
    public static SnapshotMode ModeOf(RunOptions options, string folder)
    {
        SnapshotMode mode = options.Snapshots ?? (IsOwn(options, folder) ? SnapshotMode.All : SnapshotMode.Writes);
        return mode == SnapshotMode.All && IsTooWide(folder) ? SnapshotMode.Writes : mode;
    }

    /// <summary>
    /// Determines whether a folder holds far more than a run's work, so that it is never gone through: a root, a home, or what
    /// holds homes.
    /// </summary>
    public static bool IsTooWide(string folder)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string home = Path.TrimEndingDirectorySeparator(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        StringComparison comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        return Path.GetDirectoryName(full) is null
            || (home.Length > 0 && (home.Equals(full, comparison)
                || home.StartsWith(full + Path.DirectorySeparatorChar, comparison)));
    }
}
