namespace AgentFunctions.Gateway.Erasure;

/// <summary>Specifies the state of an erasure.</summary>
public enum ErasureState
{
    /// <summary>The erasure was requested.</summary>
    Requested,

    /// <summary>The erasure is in progress; the run is no longer visible.</summary>
    Erasing,

    /// <summary>The erasure is complete.</summary>
    Erased,

    /// <summary>The erasure was refused and nothing was changed; see <see cref="Erasure.Message"/>.</summary>
    Refused,

    /// <summary>The erasure failed; see <see cref="Erasure.Message"/>.</summary>
    Failed,

    /// <summary>The erasure waits; see <see cref="Erasure.Waits"/>. It continues by itself once the obstacle is gone.</summary>
    Waiting,
}

/// <summary>Represents the erasure of a run tree.</summary>
/// <param name="Run">The root of the tree.</param>
/// <param name="State">The state.</param>
public sealed record Erasure(string Run, ErasureState State)
{
    /// <summary>Gets the caller that submitted the run.</summary>
    public string? Requester { get; init; }

    /// <summary>Gets the caller that requested the erasure.</summary>
    public string? By { get; init; }

    /// <summary>Gets the reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets when it began (UTC).</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Gets when it was complete (UTC).</summary>
    public DateTimeOffset? DoneAt { get; init; }

    /// <summary>Gets why it was refused, or failed.</summary>
    public string? Message { get; init; }

    /// <summary>Gets what the erasure waits for, and the remedy; <see langword="null"/> if it does not wait.</summary>
    public string? Waits { get; init; }

    /// <summary>Gets the folder that is left because forks of the run work in it.</summary>
    public string? SharedWorkspace { get; init; }
}
