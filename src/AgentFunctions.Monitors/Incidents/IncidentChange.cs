namespace AgentFunctions.Monitors.Incidents;

/// <summary>What a tick decided about one incident. Carried out at least once, written once.</summary>
internal sealed record IncidentChange
{
    /// <summary>Opened, Reopened, Updated, Flapping or Resolved.</summary>
    public required IncidentEntryKind Kind { get; init; }

    public required string IncidentId { get; init; }

    public required string Key { get; init; }

    public required string Title { get; init; }

    public required Severity Severity { get; init; }

    public required int Priority { get; init; }

    /// <summary>Gets which opening of the incident this is, from 1.</summary>
    public required int Opening { get; init; }

    public required string Text { get; init; }

    public string? Evidence { get; init; }

    /// <summary>For an opening: the first tick that saw it. For the end: the first tick that saw it gone.</summary>
    public DateTimeOffset? SeenAt { get; init; }

    public IReadOnlyList<string> Signals { get; init; } = [];
}
