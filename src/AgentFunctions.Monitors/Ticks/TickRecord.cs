using System.Text.Json.Serialization;

namespace AgentFunctions.Monitors.Ticks;

/// <summary>Specifies what a tick found.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<TickOutcome>))]
public enum TickOutcome
{
    /// <summary>Nothing changed; no model was called.</summary>
    Quiet,

    /// <summary>A signal changed.</summary>
    Changed,

    /// <summary>A signal is in breach.</summary>
    Breached,

    /// <summary>The tick, or several in a row, did not run.</summary>
    Skipped,
}

/// <summary>Represents the record of a tick.</summary>
public sealed record TickRecord
{
    /// <summary>The most characters of a note.</summary>
    internal const int NoteLimit = 500;

    /// <summary>Gets the id: monitor and due time.</summary>
    public required string Id { get; init; }

    /// <summary>Gets when it was due (UTC).</summary>
    public required DateTimeOffset Due { get; init; }

    /// <summary>Gets when it ran (UTC); for ticks that did not, when that was noticed.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Gets what it saw.</summary>
    public required TickOutcome Outcome { get; init; }

    /// <summary>Gets what is wrong or changed, why an agent was not woken, or why the tick did not run; in words.</summary>
    public string? Note { get; init; }

    /// <summary>Gets the run of the agent that it woke.</summary>
    public string? Run { get; init; }

    /// <summary>Gets the incidents that it opened, changed or resolved.</summary>
    public IReadOnlyList<string>? Incidents { get; init; }

    /// <summary>Gets whether a person asked for it.</summary>
    public bool? Manual { get; init; }

    /// <summary>
    /// Gets the values of the signals that have one; <see langword="null"/> if none has, and in records of earlier versions.
    /// </summary>
    public IReadOnlyDictionary<string, double>? Values { get; init; }

    /// <summary>
    /// Gets the signals that were in breach; <see langword="null"/> for none, and in records of earlier versions.
    /// </summary>
    public IReadOnlyList<string>? Breaches { get; init; }

    /// <summary>Gets the number of ticks that did not run, if this is their record.</summary>
    public int? Count { get; init; }
}
