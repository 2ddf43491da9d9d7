using System.Text.Json.Serialization;
using AgentFunctions.Budgets;

namespace AgentFunctions.Monitors;

/// <summary>What to do when a tick would wake the agent while an earlier run of the monitor is still going.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<OverlapPolicy>))]
public enum OverlapPolicy
{
    /// <summary>Leave the earlier run alone and wake nobody; the tick's record says so.</summary>
    Skip,

    /// <summary>Wake the agent at the first tick after the earlier run has ended; one such wake is kept.</summary>
    Queue,

    /// <summary>Cancel the earlier run and wake the agent.</summary>
    CancelOld,
}

/// <summary>What becomes of ticks that nobody could run when they were due.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<MisfirePolicy>))]
public enum MisfirePolicy
{
    /// <summary>They are left out; the next tick's record counts them.</summary>
    Skip,

    /// <summary>One tick runs for all of them: the latest.</summary>
    Once,

    /// <summary>Each runs, in order, up to <see cref="MisfireRule.Bound"/>; the oldest beyond it are left out.</summary>
    All,
}

/// <summary>What becomes of missed ticks: the host was down or slept, or the clock was set.</summary>
public sealed record MisfireRule
{
    /// <summary>Gets what to do; once by default.</summary>
    public MisfirePolicy Policy { get; init; } = MisfirePolicy.Once;

    /// <summary>For <see cref="MisfirePolicy.All"/>: the most ticks to catch up on; by default 100, at most 10,000.</summary>
    public int Bound { get; init; } = 100;

    /// <summary>Gets a tick that is later than this counts as missed; one minute by default.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>What the agents that a monitor wakes may spend.</summary>
public sealed record MonitorBudget
{
    /// <summary>Gets what one run may spend; <see langword="null"/>, the default, for the agent's own limits.</summary>
    public Budget? Tick { get; init; }

    /// <summary>
    /// What all runs of one day may spend, in the schedule's time zone; <see langword="null"/>, the default, for no limit.
    /// A run that is still going counts with all that it was granted. Steps, tokens and money count.
    /// </summary>
    public Budget? Day { get; init; }
}

/// <summary>How much a monitor remembers from tick to tick.</summary>
public sealed record MemoryLimits
{
    /// <summary>Gets the latest values of each signal; by default 24, at most 500.</summary>
    public int Samples { get; init; } = 24;

    /// <summary>Gets the notes and open questions of its agents; by default 50, at most 200. The oldest notes go first.</summary>
    public int Notes { get; init; } = 50;
}
