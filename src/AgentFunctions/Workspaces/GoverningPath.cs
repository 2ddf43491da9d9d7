namespace AgentFunctions.Workspaces;

/// <summary>
/// Represents a file or folder that governs the runs of this host, such as the data file, the keys or the policy. The tools that
/// work on workspaces can neither read nor write it. Register one as a singleton for each thing that governs.
/// </summary>
/// <param name="path">The file or folder, with all below it; it need not exist.</param>
/// <param name="what">What it is, for the refusal: "the policy".</param>
public sealed class GoverningPath(string path, string what)
{
    /// <summary>Gets the full path.</summary>
    public string Path { get; } = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));

    /// <summary>Gets what it is.</summary>
    public string What { get; } = what;

    /// <summary>
    /// Gets whether files and folders beside it govern too whose names begin with its name and go on with <c>-</c> or <c>.</c>,
    /// such as <c>agents.db-wal</c>; by default <see langword="false"/>.
    /// </summary>
    public bool WithSiblings { get; init; }

    /// <summary>
    /// Gets whether its content is secret, such as keys and data; by default <see langword="false"/>. Programs that go through a
    /// folder are refused one that holds such a thing, unless they run in a sandbox.
    /// </summary>
    public bool IsSecret { get; init; }

    /// <summary>
    /// Gets a folder below it that does not govern, such as the one of the runs' own workspaces; by default none.
    /// </summary>
    public string? Except { get; init; }
}
