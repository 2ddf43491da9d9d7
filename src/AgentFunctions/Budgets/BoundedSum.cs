namespace AgentFunctions.Budgets;

/// <summary>
/// Sums of grants. One that is larger than can be counted stays at the largest: it never turns into a debt, or into nothing.
/// </summary>
internal static class BoundedSum
{
    /// <summary>The most US dollars of a budget; what is computed with them stays far from the bounds of the type.</summary>
    public const decimal MostUsd = 1_000_000_000_000m;

    /// <summary>The longest time of a budget.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromDays(36_500);

    /// <summary>Adds steps, or numbers of sub-agents. What is not limited stays so.</summary>
    public static int? Of(int? sum, int? more) => sum is { } number
        ? (int)Math.Min(int.MaxValue, (long)number + (more ?? 0))
        : null;

    /// <summary>Adds tokens. What is not limited stays so.</summary>
    public static long? Of(long? sum, long? more) => sum is { } number
        ? (long)Math.Min(long.MaxValue, (decimal)number + (more ?? 0))
        : null;

    /// <summary>Adds money. What is not limited stays so.</summary>
    public static decimal? Of(decimal? sum, decimal? more) =>
        sum is { } number ? Math.Min(MostUsd, Math.Min(MostUsd, number) + Math.Min(MostUsd, more ?? 0)) : null;

    /// <summary>Adds time. What is not limited stays so.</summary>
    public static TimeSpan? Of(TimeSpan? sum, TimeSpan? more) =>
        sum is { } time ? Least(MostTime, Least(MostTime, time) + Least(MostTime, more ?? TimeSpan.Zero)) : null;

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
