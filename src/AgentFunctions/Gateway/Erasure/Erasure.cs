namespace AgentFunctions.Gateway.Erasure;

/// <summary>Specifies how far an erasure has come.</summary>
public enum ErasureState
{
    /// <summary>It was asked for.</summary>
    Requested,

    /// <summary>It is under way; nobody sees the run any more.</summary>
    Erasing,

    /// <summary>Nothing is left.</summary>
    Erased,

    /// <summary>It was refused; <see cref="Erasure.Message"/> says why, and nothing was touched.</summary>
    Refused,

    /// <summary>It failed; <see cref="Erasure.Message"/> says why. Asked for again it goes on.</summary>
    Failed,
}

/// <summary>Represents the erasure of a run tree.</summary>
/// <param name="Run">The root of the tree.</param>
/// <param name="State">How far it has come.</param>
public sealed record Erasure(string Run, ErasureState State)
{
    /// <summary>Gets who had asked for the run.</summary>
    public string? Requester { get; init; }

    /// <summary>Gets who erased it.</summary>
    public string? By { get; init; }

    /// <summary>Gets why.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets when it began (UTC).</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Gets when nothing was left (UTC).</summary>
    public DateTimeOffset? DoneAt { get; init; }

    /// <summary>Gets why it was refused, or failed.</summary>
    public string? Message { get; init; }

    /// <summary>Gets the folder that is left because forks of the run work in it.</summary>
    public string? SharedWorkspace { get; init; }
}
