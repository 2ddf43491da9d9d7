namespace AgentFunctions.Budgets;

/// <summary>
/// The arithmetic of grants. What is not limited stays so: no part of it is subtracted or divided. Time is not split, since
/// it passes for all at once; a grant's time is set where it is made.
/// </summary>
internal static class BudgetSplit
{
    private const int MoneyDecimals = 6;

    /// <summary>What was consumed, as a budget.</summary>
    public static Budget Spent(int steps, TokenUsage usage) =>
        new() { Steps = steps, Tokens = BoundedSum.Of(usage.InputTokens, usage.OutputTokens), Usd = usage.Usd };

    /// <summary>A part of the limited parts, rounded down.</summary>
    public static Budget Part(this Budget budget, long weight, long weights) => new()
    {
        Steps = budget.Steps is { } steps ? (int)(steps * weight / weights) : null,
        Tokens = budget.Tokens is { } tokens ? (long)((decimal)tokens * weight / weights) : null,
        Usd = budget.Usd is { } usd ? Math.Round(usd * weight / weights, MoneyDecimals, MidpointRounding.ToZero) : null,
    };

    /// <summary>The sum of two grants; a part that one does not limit counts nothing there.</summary>
    public static Budget With(this Budget budget, Budget other) => budget with
    {
        Steps = budget.Steps is null ? other.Steps : BoundedSum.Of(budget.Steps, other.Steps),
        Tokens = budget.Tokens is null ? other.Tokens : BoundedSum.Of(budget.Tokens, other.Tokens),
        Usd = budget.Usd is null ? other.Usd : BoundedSum.Of(budget.Usd, other.Usd),
        SubAgents = budget.SubAgents is null ? other.SubAgents : BoundedSum.Of(budget.SubAgents, other.SubAgents),
    };

    /// <summary>Another's part where this does not limit it.</summary>
    public static Budget Or(this Budget budget, Budget other) => budget with
    {
        Steps = budget.Steps ?? other.Steps,
        Tokens = budget.Tokens ?? other.Tokens,
        Usd = budget.Usd ?? other.Usd,
    };

    /// <summary>So many times the limited parts.</summary>
    public static Budget Times(this Budget budget, int count) => new()
    {
        Steps = budget.Steps is { } steps ? (int)Math.Min(int.MaxValue, (long)steps * count) : null,
        Tokens = budget.Tokens is { } tokens ? (long)Math.Min(long.MaxValue, (decimal)tokens * count) : null,
        Usd = budget.Usd is { } usd ? Math.Min(BoundedSum.MostUsd, Math.Min(BoundedSum.MostUsd, usd) * count) : null,
    };

    /// <summary>By how much one goes beyond the other; <see langword="null"/> if it does not.</summary>
    public static Budget? Beyond(this Budget budget, Budget other)
    {
        Budget more = new Budget
        {
            Steps = budget.Steps,
            Tokens = budget.Tokens,
            Usd = budget.Usd,
            SubAgents = budget.SubAgents
        }.Minus(other);
        return more is { Steps: null or 0, Tokens: null or 0, Usd: null or 0, SubAgents: null or 0 } ? null : more;
    }

    /// <summary>Only those parts that the other limits too.</summary>
    public static Budget LimitedBy(this Budget budget, Budget other) => new()
    {
        Steps = other.Steps is null ? null : budget.Steps,
        Tokens = other.Tokens is null ? null : budget.Tokens,
        Usd = other.Usd is null ? null : budget.Usd,
        SubAgents = other.SubAgents is null ? null : budget.SubAgents,
    };
}
