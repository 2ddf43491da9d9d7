using System.Text.Json.Serialization;
using AgentFunctions.Budgets;

namespace AgentFunctions.Monitors;

/// <summary>Specifies what happens if a tick would wake the agent while an earlier run of the monitor is in progress.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<OverlapPolicy>))]
public enum OverlapPolicy
{
    /// <summary>The earlier run continues, and no run is started; the record of the tick says so.</summary>
    Skip,

    /// <summary>A run is started at the first tick after the earlier run has ended. At most one is kept waiting.</summary>
    Queue,

    /// <summary>The earlier run is cancelled, and a run is started.</summary>
    CancelOld,
}

/// <summary>Specifies what happens to ticks that were missed.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<MisfirePolicy>))]
public enum MisfirePolicy
{
    /// <summary>Missed ticks are skipped; the record of the next tick counts them.</summary>
    Skip,

    /// <summary>The latest missed tick runs.</summary>
    Once,

    /// <summary>All missed ticks run in order, up to <see cref="MisfireRule.Bound"/>; the oldest beyond it are skipped.</summary>
    All,
}

/// <summary>Represents the rule for missed ticks, for example after the host was down, slept, or its clock was set.</summary>
public sealed record MisfireRule
{
    /// <summary>Gets what to do; once by default.</summary>
    public MisfirePolicy Policy { get; init; } = MisfirePolicy.Once;

    /// <summary>
    /// Gets the most ticks to catch up on with <see cref="MisfirePolicy.All"/>; 100 by default, at most 10,000.
    /// </summary>
    public int Bound { get; init; } = 100;

    /// <summary>Gets a tick that is later than this counts as missed; one minute by default.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>Represents the budgets of the runs that a monitor starts.</summary>
public sealed record MonitorBudget
{
    /// <summary>Gets what one run may spend; <see langword="null"/>, the default, for the agent's own limits.</summary>
    public Budget? Tick { get; init; }

    /// <summary>
    /// Gets what all runs of one day may spend, in the schedule's time zone; <see langword="null"/>, the default, for no limit. A
    /// run that is still going counts with all that it was granted. Steps, tokens and money count.
    /// </summary>
    public Budget? Day { get; init; }
}

/// <summary>Represents the limits of a monitor's memory.</summary>
public sealed record MemoryLimits
{
    /// <summary>Gets the latest values of each signal; by default 24, at most 500.</summary>
    public int Samples { get; init; } = 24;

    /// <summary>Gets the notes and open questions of its agents; by default 50, at most 200. The oldest notes go first.</summary>
    public int Notes { get; init; } = 50;
}
