namespace AgentFunctions.Monitors.Signals;

/// <summary>What one check saw.</summary>
/// <param name="Signal">The signal.</param>
/// <param name="Error">What is wrong, in words; <see langword="null"/> if all is well.</param>
internal sealed record Observation(string Signal, string? Error = null)
{
    /// <summary>Gets the number that baselines are kept of.</summary>
    public double? Value { get; init; }

    /// <summary>Gets what it saw, for the evidence: at most 1,000 characters.</summary>
    public string? Evidence { get; init; }

    /// <summary>Stands for all that it saw: another one is a change.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Gets where the next look goes on: a file's offset, a counter's raw value.</summary>
    public double? Position { get; init; }

    /// <summary>Gets whether nothing is wrong but that the value is unusual.</summary>
    public bool IsUnusual { get; init; }

    public bool IsBreach => Error is not null;
}
