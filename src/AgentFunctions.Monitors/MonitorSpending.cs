using AgentFunctions.Budgets;

namespace AgentFunctions.Monitors;

/// <summary>What a monitor's runs of one day spent and may still spend.</summary>
internal sealed record MonitorSpending
{
    /// <summary>Gets the day in the schedule's time zone.</summary>
    public DateOnly Day { get; init; }

    public int Steps { get; init; }

    public long Tokens { get; init; }

    public decimal Usd { get; init; }

    /// <summary>Gets the runs that were granted something and have not ended, as far as is known.</summary>
    public IReadOnlyList<SpendingGrant> Grants { get; init; } = [];

    /// <summary>A day's budget less what is spent and granted; parts that are used up are 0.</summary>
    public Budget Left(Budget day) => new()
    {
        Steps = day.Steps is { } steps ? Math.Max(0, steps - Steps - Grants.Sum(grant => grant.Budget.Steps ?? 0)) : null,
        Tokens = day.Tokens is { } tokens ? Math.Max(0, tokens - Tokens - Grants.Sum(grant => grant.Budget.Tokens ?? 0)) : null,
        Usd = day.Usd is { } usd ? Math.Max(0, usd - Usd - Grants.Sum(grant => grant.Budget.Usd ?? 0)) : null,
    };
}

/// <summary>What one run was granted of a day's budget.</summary>
/// <param name="Key">The tick or response that it was granted for.</param>
/// <param name="Budget">The grant.</param>
/// <param name="RunId">The run; <see langword="null"/> until it is admitted.</param>
internal sealed record SpendingGrant(string Key, Budget Budget, string? RunId = null)
{
    /// <summary>Gets whether a run has it that is not known here.</summary>
    public bool IsTaken { get; init; }
}
