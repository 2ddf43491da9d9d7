namespace AgentFunctions.Views;

/// <summary>The quartiles of numbers: a quarter of them lies below the low one, and a quarter above the high one.</summary>
internal sealed record Quartiles(decimal Low, decimal Median, decimal High)
{
    /// <summary>Gets the quartiles of numbers, of which there is at least one.</summary>
    public static Quartiles Of(IEnumerable<decimal> values)
    {
        decimal[] sorted = [.. values.Order()];
        return new Quartiles(At(0.25m), At(0.5m), At(0.75m));

        // Between two numbers it is in proportion to its distance from each.
        decimal At(decimal part)
        {
            decimal place = part * (sorted.Length - 1);
            int below = (int)place;
            return below + 1 < sorted.Length
                ? sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below]))
                : sorted[below];
        }
    }
}
