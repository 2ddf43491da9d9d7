namespace AgentFunctions.Gateway.Erasure;

/// <summary>Represents a request to erase a run tree.</summary>
/// <param name="Run">The root of the tree.</param>
/// <param name="Reason">The reason; it stays in the audit log.</param>
public sealed record EraseRequest(string Run, string Reason)
{
    /// <summary>Gets whether a running tree is cancelled first; by default the request is refused.</summary>
    public bool Cancel { get; init; }

    /// <summary>
    /// Gets whether the tree is erased even if the outcome of some calls is unknown; by default the request is refused and names
    /// them.
    /// </summary>
    public bool Force { get; init; }

    /// <summary>Gets whether the notes that its runs wrote for later runs of their agents go too. By default they stay.</summary>
    public bool Notes { get; init; }
}
