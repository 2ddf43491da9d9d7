namespace AgentFunctions.Tools;

/// <summary>Represents which of the awaited tools of a run have come, and what it is pinned to since.</summary>
/// <param name="ToolsHash">The content hash of all its declarations.</param>
/// <param name="Arrivals">What came, in order.</param>
internal sealed record ToolArrivals(string ToolsHash, IReadOnlyList<ToolArrival> Arrivals);

/// <summary>Represents a group of tools that came while a run was under way.</summary>
/// <param name="Group">The group.</param>
/// <param name="Turn">The turn whose model call was the first to show them.</param>
/// <param name="Tools">Their names.</param>
internal sealed record ToolArrival(string Group, int Turn, IReadOnlyList<string> Tools);
