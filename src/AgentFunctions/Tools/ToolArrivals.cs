using AgentFunctions.Runs;

namespace AgentFunctions.Tools;

/// <summary>Represents which of the awaited tools of a run have come, and what it is pinned to since.</summary>
/// <param name="ToolsHash">The content hash of all its declarations.</param>
/// <param name="Arrivals">What came, in order.</param>
internal sealed record ToolArrivals(string ToolsHash, IReadOnlyList<ToolArrival> Arrivals)
{
    /// <summary>Gets which of its tools the model is shown since; <see langword="null"/> for all.</summary>
    public ToolSearch? Search { get; init; }
}

/// <summary>Represents a group of tools that came while a run was under way.</summary>
/// <param name="Group">The group.</param>
/// <param name="Turn">The turn whose model call was the first to show them.</param>
/// <param name="Tools">Their names.</param>
internal sealed record ToolArrival(string Group, int Turn, IReadOnlyList<string> Tools)
{
    /// <summary>Gets whether some of them are not shown, but found.</summary>
    public bool IsSearched { get; init; }
}
