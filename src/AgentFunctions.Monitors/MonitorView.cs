using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;

namespace AgentFunctions.Monitors;

/// <summary>Represents a monitor as the API shows it.</summary>
public sealed record MonitorView
{
    /// <summary>Gets what it is.</summary>
    public required MonitorDefinition Definition { get; init; }

    /// <summary>Gets when it was made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Gets when it was changed last (UTC).</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Gets since when it is paused (UTC); <see langword="null"/> while it looks.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>Gets when the next tick is due (UTC); <see langword="null"/> while none is.</summary>
    public DateTimeOffset? NextDue { get; init; }

    /// <summary>
    /// Gets when the next three ticks are due by the schedule, before its jitter (UTC): what an expression means. Empty if
    /// there are none, or the monitor is paused.
    /// </summary>
    public IReadOnlyList<DateTimeOffset> Upcoming { get; init; } = [];

    /// <summary>Gets when the last tick was due (UTC); <see langword="null"/> before the first.</summary>
    public DateTimeOffset? LastDue { get; init; }

    /// <summary>Gets how many ticks there were, and how many of them asked no model.</summary>
    public required TickTotals Totals { get; init; }

    /// <summary>Gets what is remembered of its signals.</summary>
    public required IReadOnlyDictionary<string, SignalMemory> Signals { get; init; }

    /// <summary>Gets its steps that failed and have not succeeded since; empty if all is well.</summary>
    public IReadOnlyList<MonitorTrouble> Troubles { get; init; } = [];

    /// <summary>Gets the incidents that are open.</summary>
    public required IReadOnlyList<string> OpenIncidents { get; init; }

    /// <summary>Gets what its agents wrote down.</summary>
    public required MonitorNotes Notes { get; init; }
}

/// <summary>Represents a step of a monitor that failed.</summary>
/// <param name="Step">The step.</param>
/// <param name="Message">What went wrong, in words.</param>
/// <param name="Failures">How often it failed in a row.</param>
/// <param name="Until">When it is tried again (UTC); <see langword="null"/> if a repetition cannot help.</param>
public sealed record MonitorTrouble(string Step, string Message, int Failures, DateTimeOffset? Until);
