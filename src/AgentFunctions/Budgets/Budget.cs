using System.Text.Json.Serialization;

namespace AgentFunctions.Budgets;

/// <summary>Represents a budget. A part that is <see langword="null"/> is not limited.</summary>
public sealed record Budget
{
    /// <summary>Gets the number of model calls and tool calls, those of sub-agents included.</summary>
    public int? Steps { get; init; }

    /// <summary>Gets the number of tokens, input and output together.</summary>
    public long? Tokens { get; init; }

    /// <summary>Gets the amount in US dollars, by the configured prices. Models without a price do not count.</summary>
    public decimal? Usd { get; init; }

    /// <summary>Gets the time from the first turn, waiting included.</summary>
    public TimeSpan? WallClock { get; init; }

    /// <summary>Gets the number of sub-agents started in the whole tree.</summary>
    public int? SubAgents { get; init; }

    /// <summary>Gets whether no part is limited.</summary>
    [JsonIgnore]
    public bool IsUnlimited => this is { Steps: null, Tokens: null, Usd: null, WallClock: null, SubAgents: null };

    /// <summary>Adds a budget to this one. What is unlimited stays unlimited.</summary>
    /// <param name="more">What to add; its parts that are <see langword="null"/> add nothing.</param>
    public Budget Plus(Budget more)
    {
        ArgumentNullException.ThrowIfNull(more);
        return new Budget
        {
            Steps = BoundedSum.Of(Steps, more.Steps),
            Tokens = BoundedSum.Of(Tokens, more.Tokens),
            Usd = BoundedSum.Of(Usd, more.Usd),
            WallClock = BoundedSum.Of(WallClock, more.WallClock),
            SubAgents = BoundedSum.Of(SubAgents, more.SubAgents),
        };
    }

    /// <summary>This without what was taken away, nothing at the least. What was unlimited stays so.</summary>
    /// <param name="taken">What to take away; its parts that are <see langword="null"/> take nothing.</param>
    internal Budget Minus(Budget taken) => new()
    {
        Steps = Least0(Steps - (taken.Steps ?? 0)),
        Tokens = Least0(Tokens - (taken.Tokens ?? 0)),
        Usd = Least0(Usd - (taken.Usd ?? 0)),
        WallClock = Least0(WallClock - (taken.WallClock ?? TimeSpan.Zero)),
        SubAgents = Least0(SubAgents - (taken.SubAgents ?? 0)),
    };

    /// <summary>Gets the narrower of two, part by part.</summary>
    /// <param name="other">The other.</param>
    public Budget Narrow(Budget other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new Budget
        {
            Steps = Least(Steps, other.Steps),
            Tokens = Least(Tokens, other.Tokens),
            Usd = Least(Usd, other.Usd),
            WallClock = Least(WallClock, other.WallClock),
            SubAgents = Least(SubAgents, other.SubAgents),
        };
    }

    /// <summary>Checks that every part makes sense.</summary>
    /// <param name="field">The name to report it by.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the part and the remedy.
    /// </exception>
    public void Validate(string field)
    {
        Require(Steps is null or > 0, "steps", "use a whole number above 0");
        Require(Tokens is null or > 0, "tokens", "use a whole number above 0");
        Require(Usd is null or (> 0 and <= BoundedSum.MostUsd), "usd", "use a number above 0, 1,000,000,000,000 at the most");
        Require(
            WallClock is null || (WallClock > TimeSpan.Zero && WallClock <= BoundedSum.MostTime), "wallClock",
            "use a time span above zero, for instance PT5H, and 36,500 days at the most");
        Require(SubAgents is null or >= 0, "subAgents", "use a whole number, 0 or above");

        void Require(bool condition, string part, string remedy)
        {
            if (!condition)
            {
                throw new AgentException(ErrorCode.InvalidInput, $"{field}.{part}: {remedy}.");
            }
        }
    }

    private static T? Least0<T>(T? value)
        where T : struct, IComparable<T> => value is { } number && number.CompareTo(default) < 0 ? default(T) : value;

    private static T? Least<T>(T? one, T? other)
        where T : struct, IComparable<T> =>
        (one, other) switch
        {
            (null, _) => other,
            (_, null) => one,
            _ => one.Value.CompareTo(other.Value) <= 0 ? one : other,
        };
}
