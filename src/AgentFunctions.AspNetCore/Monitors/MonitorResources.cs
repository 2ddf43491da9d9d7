using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;

namespace AgentFunctions.AspNetCore.Monitors;

/// <summary>The monitors of a host.</summary>
/// <param name="Monitors">In the order of their names.</param>
internal sealed record MonitorListResource(IReadOnlyList<MonitorView> Monitors);

/// <summary>The latest ticks of a monitor.</summary>
/// <param name="Ticks">The newest first.</param>
internal sealed record TickListResource(IReadOnlyList<TickRecord> Ticks);

/// <summary>What a signal was at the latest ticks.</summary>
/// <param name="Points">The oldest first.</param>
internal sealed record SeriesResource(IReadOnlyList<SignalPoint> Points);

/// <summary>A tick that was asked for.</summary>
/// <param name="Id">Its id.</param>
internal sealed record TickResource(string Id);

/// <summary>Incidents.</summary>
/// <param name="Incidents">The open ones first, then the newest.</param>
internal sealed record IncidentListResource(IReadOnlyList<Incident> Incidents);

/// <summary>Notifications that could not be delivered.</summary>
/// <param name="DeadLetters">In the order of their ids.</param>
internal sealed record DeadLetterListResource(IReadOnlyList<DeadLetter> DeadLetters);

/// <summary>What a person says to an incident.</summary>
internal sealed record CommentSubmission
{
    /// <summary>A remark for the timeline; at most 1,000 characters.</summary>
    public string? Comment { get; init; }
}
