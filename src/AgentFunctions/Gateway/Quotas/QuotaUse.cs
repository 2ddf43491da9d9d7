namespace AgentFunctions.Gateway.Quotas;

/// <summary>Represents what was used of a quota in its present window.</summary>
/// <param name="Name">The name of the quota.</param>
/// <param name="Account">On whose account: a caller, or a label with its value.</param>
/// <param name="Next">When the next window begins (UTC).</param>
public sealed record QuotaUse(string Name, string Account, DateTimeOffset Next)
{
    /// <summary>Gets what was used.</summary>
    public required QuotaParts Used { get; init; }

    /// <summary>Gets the limits; a part that is <see langword="null"/> is not limited.</summary>
    public required QuotaParts Limit { get; init; }

    /// <summary>Gets what is used up, in words; <see langword="null"/> if another run is admitted.</summary>
    public string? UsedUp { get; init; }
}

/// <summary>Represents the parts that a quota counts.</summary>
/// <param name="Runs">The runs that were submitted.</param>
/// <param name="Steps">The steps.</param>
/// <param name="Tokens">The tokens, sent and received.</param>
/// <param name="Usd">The money, in US dollars.</param>
public sealed record QuotaParts(int? Runs, long? Steps, long? Tokens, decimal? Usd);
