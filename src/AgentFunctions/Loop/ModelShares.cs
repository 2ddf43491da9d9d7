using AgentFunctions.Budgets;

namespace AgentFunctions.Loop;

/// <summary>What models consumed that are not a run's own, by name; <see langword="null"/> for none.</summary>
internal static class ModelShares
{
    /// <summary>Adds what one model consumed.</summary>
    public static IReadOnlyDictionary<string, TokenUsage> With(IReadOnlyDictionary<string, TokenUsage>? shares, string model,
        TokenUsage usage)
    {
        var sum = new SortedDictionary<string, TokenUsage>(StringComparer.Ordinal);
        foreach ((string name, TokenUsage known) in shares ?? new Dictionary<string, TokenUsage>())
        {
            sum.Add(name, known);
        }

        sum[model] = sum.GetValueOrDefault(model, new TokenUsage()).Plus(usage);
        return sum;
    }

    /// <summary>Adds up two.</summary>
    public static IReadOnlyDictionary<string, TokenUsage>? Sum(IReadOnlyDictionary<string, TokenUsage>? shares,
        IReadOnlyDictionary<string, TokenUsage>? more) =>
        more is null ? shares
        : shares is null ? more
        : more.Aggregate(shares, static (sum, one) => With(sum, one.Key, one.Value));

    /// <summary>
    /// What a sub-agent tells its lead: the shares of others, and its own where its model is not that of its lead.
    /// </summary>
    public static IReadOnlyDictionary<string, TokenUsage>? OfChild(RunState child)
    {
        if (child.Limits.OwnModel is not { } model)
        {
            return child.UsageOfOthers;
        }

        TokenUsage others = (child.UsageOfOthers?.Values ?? []).Aggregate(new TokenUsage(), static (sum, one) => sum.Plus(one));
        var own = new TokenUsage(
            child.Usage.InputTokens - others.InputTokens, child.Usage.OutputTokens - others.OutputTokens,
            child.Usage.CachedTokens - others.CachedTokens, child.Usage.Usd - others.Usd);
        return own == new TokenUsage() ? child.UsageOfOthers : With(child.UsageOfOthers, model, own);
    }
}
