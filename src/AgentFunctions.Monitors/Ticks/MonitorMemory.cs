using AgentFunctions.Budgets;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Signals;

namespace AgentFunctions.Monitors.Ticks;

/// <summary>
/// What a monitor remembers from tick to tick; of bounded size. It is written once per tick, with all that the tick decided:
/// whoever finds it can carry out the rest, and nobody can decide the same tick twice.
/// </summary>
internal sealed record MonitorMemory
{
    /// <summary>Gets the due time of the last tick by schedule (UTC).</summary>
    public DateTimeOffset? LastDue { get; init; }

    /// <summary>Gets the due time of the last tick that a person asked for (UTC).</summary>
    public DateTimeOffset? LastManual { get; init; }

    /// <summary>Gets the day of the tick log in use, and how many entries it must have.</summary>
    public DateOnly LogDay { get; init; }

    public long LogLength { get; init; }

    public IReadOnlyDictionary<string, SignalMemory> Signals { get; init; } = new Dictionary<string, SignalMemory>();

    /// <summary>Gets the latest incident of each key.</summary>
    public IReadOnlyDictionary<string, IncidentMark> Incidents { get; init; } = new Dictionary<string, IncidentMark>();

    /// <summary>Gets the run that the monitor woke last.</summary>
    public string? LastRun { get; init; }

    /// <summary>Gets what a later tick is to wake the agent for, as the policy for overlaps has it.</summary>
    public string? Queued { get; init; }

    public TickTotals Totals { get; init; } = new();

    /// <summary>Gets what the last tick decided.</summary>
    public TickDecision? Decision { get; init; }
}

/// <summary>Represents the numbers of a monitor's ticks.</summary>
public sealed record TickTotals
{
    /// <summary>Gets the number of ticks that ran.</summary>
    public long Ran { get; init; }

    /// <summary>Gets the number of ticks that called no model.</summary>
    public long Spared { get; init; }

    /// <summary>
    /// Gets the number of ticks that started a run: of the monitor's agent, or of one that responds to an incident.
    /// </summary>
    public long Woke { get; init; }

    /// <summary>Gets the number of ticks that did not run.</summary>
    public long Skipped { get; init; }

    /// <summary>Gets the number of incidents that were opened.</summary>
    public long Incidents { get; init; }
}

/// <summary>All that follows from one tick. Carrying it out again changes nothing.</summary>
internal sealed record TickDecision
{
    public required TickRecord Record { get; init; }

    /// <summary>Earlier ticks that did not run, to be reported first.</summary>
    public TickRecord? Skipped { get; init; }

    public IReadOnlyList<IncidentChange> Changes { get; init; } = [];

    public WakeOrder? Wake { get; init; }

    /// <summary>Gets how many entries the log has before this tick's.</summary>
    public required long LogFrom { get; init; }
}

/// <summary>Wake the agent.</summary>
/// <param name="Goal">What it is told.</param>
/// <param name="Budget">What it may spend.</param>
/// <param name="Cancel">The earlier run to cancel before.</param>
internal sealed record WakeOrder(string Goal, Budget Budget, string? Cancel = null);
