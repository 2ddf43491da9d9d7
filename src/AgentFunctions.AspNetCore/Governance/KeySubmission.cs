namespace AgentFunctions.AspNetCore.Governance;

/// <summary>A wanted API key.</summary>
internal sealed record KeySubmission
{
    /// <summary>The holder: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 64.</summary>
    public required string Name { get; init; }

    /// <summary>The roles.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>
    /// Whether the holder is the one whose key of this name was withdrawn, so that its runs are its own again; false by default.
    /// </summary>
    public bool Renew { get; init; }
}
