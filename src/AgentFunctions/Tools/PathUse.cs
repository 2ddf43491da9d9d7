namespace AgentFunctions.Tools;

/// <summary>
/// Represents files that a call reads or writes beyond the path that its arguments name, judged as calls of another tool.
/// </summary>
/// <param name="Tool">The tool that the use is judged as, for instance <c>read_file</c>.</param>
/// <param name="Effect">The effect of that tool.</param>
/// <param name="Path">The path within the workspace.</param>
internal sealed record PathUse(string Tool, ToolEffect Effect, string Path)
{
    /// <summary>Gets the files below <see cref="Path"/> that are used; <see langword="null"/> if the path itself is.</summary>
    public Func<CancellationToken, IEnumerable<string>>? Files { get; init; }

    /// <summary>
    /// Gets whether any file below <see cref="Path"/> may be meant, also one that is not there now, such as one that a repository
    /// once held.
    /// </summary>
    public bool MayBeGone { get; init; }

    /// <summary>
    /// Gets whether the tool itself leaves out the files that a rule forbids, so that the call as a whole may be made.
    /// </summary>
    public bool IsFiltered { get; init; }
}
