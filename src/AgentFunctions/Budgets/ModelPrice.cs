namespace AgentFunctions.Budgets;

/// <summary>Represents the price of a model, in US dollars per million tokens.</summary>
/// <param name="Input">Tokens sent.</param>
/// <param name="Output">Tokens received, the reasoning included.</param>
/// <param name="CachedInput">
/// Tokens sent that the provider had in its cache; <see langword="null"/> for the price of any other.
/// </param>
public sealed record ModelPrice(decimal Input, decimal Output, decimal? CachedInput = null)
{
    private const decimal Million = 1_000_000m;

    /// <summary>The dearer of what a token sent can cost.</summary>
    internal decimal MostInput => Math.Max(Input, CachedInput ?? Input);

    /// <summary>Gets the price of what was used, in US dollars.</summary>
    /// <param name="inputTokens">Tokens sent, the cached ones included.</param>
    /// <param name="outputTokens">Tokens received.</param>
    /// <param name="cachedTokens">Those of the tokens sent that were cached.</param>
    public decimal Of(long inputTokens, long outputTokens, long cachedTokens = 0)
    {
        long cached = Math.Clamp(cachedTokens, 0, inputTokens);
        return (((inputTokens - cached) * Input) + (cached * (CachedInput ?? Input)) + (outputTokens * Output)) / Million;
    }

    /// <summary>The most that a call can cost, whatever of it the provider had in its cache; in US dollars.</summary>
    internal decimal AtMost(long inputTokens, long outputTokens) =>
        ((inputTokens * MostInput) + (outputTokens * Output)) / Million;
}
