using AgentFunctions.Runs;

namespace AgentFunctions.Tools.Search;

/// <summary>Represents the tools that a run is pinned to.</summary>
/// <param name="Hash">The content hash of all of them.</param>
/// <param name="Declared">Those that every request declares.</param>
internal sealed record PinnedTools(string Hash, IReadOnlyList<ToolDeclaration> Declared)
{
    /// <summary>Gets how the others are found; <see langword="null"/> if there are none.</summary>
    public ToolSearch? Search { get; init; }

    /// <summary>Gets what people should know; <see langword="null"/> for nothing.</summary>
    public string? Note { get; init; }
}
