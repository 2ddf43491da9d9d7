namespace AgentFunctions.Monitors.Signals;

/// <summary>Represents the memory of a signal between ticks, which is bounded in size.</summary>
public sealed record SignalMemory
{
    /// <summary>Gets whether the last look was a breach.</summary>
    public bool IsBreach { get; init; }

    /// <summary>Gets how many looks in a row saw the same: a breach, or none.</summary>
    public int Streak { get; init; }

    /// <summary>
    /// Gets when the streak began (UTC): the due time of its first look, or the moment of that look where it was late.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Gets what the last look complained of.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("complaint")]
    public string? Error { get; init; }

    /// <summary>Gets what the last look saw.</summary>
    public string? Evidence { get; init; }

    /// <summary>Gets when it was looked at last (UTC).</summary>
    public DateTimeOffset? LookedAt { get; init; }

    /// <summary>Gets the fingerprint of what the last check found.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Gets where the next look goes on.</summary>
    public double? Position { get; init; }

    /// <summary>Gets what is usual.</summary>
    public Baseline Baseline { get; init; } = new();

    /// <summary>Gets the latest values, oldest first.</summary>
    public IReadOnlyList<double> Recent { get; init; } = [];

    /// <summary>Gets a bit for each of the last 32 looks, the latest lowest: whether it was a breach.</summary>
    public uint Looks { get; init; }

    /// <summary>How often breach and health took turns in the last 32 looks.</summary>
    internal int Flips() => System.Numerics.BitOperations.PopCount((Looks ^ (Looks >> 1)) & 0x7FFFFFFF);

    /// <summary>The memory after one more look.</summary>
    /// <param name="seen">What it saw.</param>
    /// <param name="seenAt">When a streak that begins with it began.</param>
    /// <param name="now">When it was.</param>
    /// <param name="samples">How many values to keep.</param>
    internal SignalMemory With(Observation seen, DateTimeOffset seenAt, DateTimeOffset now, int samples)
    {
        bool goesOn = LookedAt is not null && seen.IsBreach == IsBreach;
        return this with
        {
            IsBreach = seen.IsBreach,
            Streak = goesOn ? Streak + 1 : 1,
            Since = goesOn ? Since : seenAt,
            Error = seen.Error,
            Evidence = seen.Evidence,
            LookedAt = now,
            Fingerprint = seen.Fingerprint,
            Position = seen.Position,
            // An outage must not become the usual; a value that stays at a new level must, in the end.
            Baseline = seen.Value is { } usual && (!seen.IsBreach || seen.IsUnusual) ? Baseline.With(usual) : Baseline,
            Recent = seen.Value is { } value ? [.. Recent.TakeLast(samples - 1), value] : Recent,
            Looks = (Looks << 1) | (seen.IsBreach ? 1u : 0u),
        };
    }
}
