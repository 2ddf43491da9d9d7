namespace AgentFunctions.Runs;

/// <summary>Represents which tools the model of a run is shown, if it has more than its requests are to carry.</summary>
/// <param name="DeclaredHash">
/// The content hash of the declarations that every request has, <c>search_tools</c> among them.
/// </param>
/// <param name="Bound">What a request may declare, the tools that were loaded included.</param>
internal sealed record ToolSearch(string DeclaredHash, ToolBound Bound);
