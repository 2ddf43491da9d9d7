namespace AgentFunctions.Runs;

/// <summary>Represents the tools that a run started without and gets when they come.</summary>
/// <param name="Groups">The groups that were missing, for instance <c>mcp__github</c>, each with the reason.</param>
internal sealed record AwaitedTools(IReadOnlyDictionary<string, string> Groups)
{
    /// <summary>
    /// Gets which of them the run may have: those that every entry allows. <see langword="null"/>, the default, for all.
    /// </summary>
    public IReadOnlyList<ToolAllowance>? Allowances { get; init; }

    /// <summary>Gets how many tools a request may declare with them; <see langword="null"/> for any number.</summary>
    public ToolBound? Bound { get; init; }
}

/// <summary>Represents which tools a run may have, as patterns with <c>*</c> for any characters and <c>?</c> for one.</summary>
/// <param name="Allowed">Any of these; <see langword="null"/> for all.</param>
/// <param name="Denied">None of these.</param>
internal sealed record ToolAllowance(IReadOnlyList<string>? Allowed, IReadOnlyList<string> Denied);
