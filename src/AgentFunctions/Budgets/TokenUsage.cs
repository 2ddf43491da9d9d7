namespace AgentFunctions.Budgets;

/// <summary>Represents the consumption of model calls, as the provider counted it.</summary>
/// <param name="InputTokens">Tokens sent, the cached ones included.</param>
/// <param name="OutputTokens">Tokens received, the reasoning included.</param>
/// <param name="CachedTokens">Those of <paramref name="InputTokens"/> that the provider had in its cache.</param>
/// <param name="Usd">The price in US dollars; 0 where no price is known.</param>
public sealed record TokenUsage(long InputTokens = 0, long OutputTokens = 0, long CachedTokens = 0, decimal Usd = 0)
{
    /// <summary>Gets the sum of two.</summary>
    /// <param name="other">What to add.</param>
    public TokenUsage Plus(TokenUsage other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(InputTokens + other.InputTokens, OutputTokens + other.OutputTokens, CachedTokens + other.CachedTokens,
            Usd + other.Usd);
    }
}
