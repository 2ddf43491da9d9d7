using System.Text.Json.Serialization;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Represents an incident, from its first sign to its end.</summary>
public sealed record Incident
{
    /// <summary>The most entries that are kept; beyond it those in the middle go.</summary>
    private const int MaxEntries = 200;

    private const int FirstEntries = 20;

    /// <summary>Gets the id: follows from monitor, key and the tick that opened it.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the monitor that found it.</summary>
    public required string Monitor { get; init; }

    /// <summary>Gets the cause under which it is filed: one incident is open per monitor and key.</summary>
    public required string Key { get; init; }

    /// <summary>Gets what is wrong, in a line.</summary>
    public required string Title { get; init; }

    /// <summary>Gets how bad it is: the worst that it was.</summary>
    public required Severity Severity { get; init; }

    /// <summary>Gets the priority by the monitor's rules; 1 is the highest.</summary>
    public required int Priority { get; init; }

    /// <summary>Gets where it stands.</summary>
    public IncidentState State { get; init; }

    /// <summary>Gets the due time of the first tick that saw it (UTC).</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>
    /// Gets when it was opened (UTC): later than <see cref="StartedAt"/> where a rule asks for several breaches.
    /// </summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>Gets the due time of the first tick that saw it gone for good (UTC).</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Gets how often it was opened: more than once where it came back soon.</summary>
    public int Openings { get; init; } = 1;

    /// <summary>Gets whether its signals come and go.</summary>
    public bool IsFlapping { get; init; }

    /// <summary>Gets the signals that breached.</summary>
    public IReadOnlyList<string> Signals { get; init; } = [];

    /// <summary>Gets the runs that responded to it.</summary>
    public IReadOnlyList<string> Runs { get; init; } = [];

    /// <summary>Gets what happened, oldest first; who or what caused each is in it.</summary>
    public IReadOnlyList<IncidentEntry> Timeline { get; init; } = [];

    /// <summary>Gets whether it is not over.</summary>
    [JsonIgnore]
    public bool IsOpen => State != IncidentState.Resolved;

    internal bool Has(string entryId) => Timeline.Any(entry => entry.Id == entryId);

    internal Incident With(IncidentEntry entry) => this with
    {
        Timeline = Timeline.Count < MaxEntries
            ? [.. Timeline, entry]
            : [.. Timeline.Take(FirstEntries), .. Timeline.Skip(FirstEntries + 1), entry],
    };
}

/// <summary>Represents an entry of an incident's timeline.</summary>
/// <param name="Id">Its id: the same when it is written again after a crash, so that it is kept once.</param>
/// <param name="At">The time (UTC).</param>
/// <param name="Kind">What it reports.</param>
/// <param name="By">Who or what caused it: <c>tick:</c>, <c>run:</c>, <c>person:</c> or <c>host</c>, with an id.</param>
/// <param name="Text">In words.</param>
/// <param name="Evidence">What was seen, where something was: at most 1,000 characters.</param>
public sealed record IncidentEntry(
    string Id, DateTimeOffset At, IncidentEntryKind Kind, string By, string Text, string? Evidence = null);
