namespace AgentFunctions.Tools;

/// <summary>Represents the tools that can be had at present.</summary>
/// <param name="Tools">The tools.</param>
public sealed record ToolOffer(IReadOnlyList<AgentTool> Tools)
{
    /// <summary>Gets the groups of tools that are not there yet; none by default.</summary>
    public IReadOnlyList<MissingTools> Missing { get; init; } = [];

    /// <summary>
    /// Gets the names in the agent's list of tools that nothing here has; none by default. <see cref="Notes"/> says so too.
    /// </summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    /// <summary>Gets what was left out for good, and why; nothing by default.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Represents a group of tools that may come later.</summary>
/// <param name="Group">The group, for instance <c>mcp__github</c>.</param>
/// <param name="Reason">Why it is not there.</param>
public sealed record MissingTools(string Group, string Reason)
{
    /// <summary>Gets what is noted of a run that starts without them.</summary>
    internal string Note => $"The run starts without the tools of {Group}: {Reason.TrimEnd('.')}. It is told when they come.";
}
