namespace AgentFunctions.Monitors.Signals;

/// <summary>What one check saw.</summary>
/// <param name="Signal">The signal.</param>
/// <param name="Error">What is wrong, in words; <see langword="null"/> where all is well.</param>
internal sealed record Observation(string Signal, string? Error = null)
{
    /// <summary>The number that baselines are kept of.</summary>
    public double? Value { get; init; }

    /// <summary>What it saw, for the evidence: at most 1,000 characters.</summary>
    public string? Evidence { get; init; }

    /// <summary>Stands for all that it saw: another one is a change.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Where the next look goes on: a file's offset, a counter's raw value.</summary>
    public double? Position { get; init; }

    /// <summary>Whether nothing is wrong but that the value is unusual.</summary>
    public bool IsUnusual { get; init; }

    public bool IsBreach => Error is not null;
}
