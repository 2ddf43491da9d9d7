namespace AgentFunctions.Gateway.Erasure;

/// <summary>Represents the wish that a run tree be erased.</summary>
/// <param name="Run">The root of the tree.</param>
/// <param name="Reason">Why; it stays in the audit log.</param>
public sealed record EraseRequest(string Run, string Reason)
{
    /// <summary>Gets whether a live tree is ended first. By default it is refused.</summary>
    public bool Cancel { get; init; }

    /// <summary>
    /// Gets whether it is erased although nobody knows whether some of its calls took effect. By default it is refused, and they are named.
    /// </summary>
    public bool Force { get; init; }

    /// <summary>Gets whether the notes that its runs wrote for later runs of their agents go too. By default they stay.</summary>
    public bool Notes { get; init; }
}
