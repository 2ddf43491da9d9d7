namespace AgentFunctions.Snapshots;

/// <summary>Represents the change of one path of a folder.</summary>
/// <param name="Path">The path, relative to the folder, with <c>/</c> between its parts.</param>
/// <param name="Before">The entry before; <see langword="null"/> if there was none.</param>
/// <param name="After">The entry afterwards; <see langword="null"/> if there is none.</param>
public sealed record FolderChange(string Path, FileImage? Before, FileImage? After)
{
    /// <summary>
    /// Gets the calls that may have made the change (<c>run/turn/call</c>), if several ran at once; <see langword="null"/> if it
    /// is known which.
    /// </summary>
    public IReadOnlyList<string>? By { get; init; }
}

/// <summary>Represents a path whose content was not kept, or that was left as it is.</summary>
/// <param name="Path">The path.</param>
/// <param name="Why">The reason.</param>
public sealed record SkippedPath(string Path, string Why);
