using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Responses;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Monitors.Signals;

namespace AgentFunctions.Monitors;

/// <summary>Represents a monitor: its schedule, its signals, the agent that they wake, and its limits.</summary>
public sealed record MonitorDefinition
{
    /// <summary>Gets the name: lower-case letters, digits and <c>-</c>, at most 64 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Gets what it watches, in words for people; empty by default.</summary>
    public string Description { get; init; } = "";

    /// <summary>
    /// Gets the agent to wake; <see langword="null"/>, the default, for a monitor that only checks and tells people.
    /// </summary>
    public string? Agent { get; init; }

    /// <summary>Gets what a woken agent is to do, in words; at most 8 KiB.</summary>
    public string? Goal { get; init; }

    /// <summary>Gets when it looks.</summary>
    public required MonitorSchedule Schedule { get; init; }

    /// <summary>Gets the longest delay of a tick after it is due, which is fixed for each tick; none by default.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Gets what to do when a tick would wake the agent while an earlier run is still going; skip by default.</summary>
    public OverlapPolicy Overlap { get; init; } = OverlapPolicy.Skip;

    /// <summary>Gets what becomes of ticks that nobody could run when they were due.</summary>
    public MisfireRule Misfire { get; init; } = new();

    /// <summary>Gets how long the checks of a tick and, separately, a woken agent may take; five minutes by default.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets what woken agents may spend.</summary>
    public MonitorBudget Budget { get; init; } = new();

    /// <summary>Gets the hours in which it looks; <see langword="null"/>, the default, for always.</summary>
    public ActiveWindow? ActiveWindow { get; init; }

    /// <summary>Gets how much is remembered from tick to tick.</summary>
    public MemoryLimits Memory { get; init; } = new();

    /// <summary>Gets the checks that run before any model is called. Without any, every tick starts a run.</summary>
    public IReadOnlyList<SignalDefinition> Signals { get; init; } = [];

    /// <summary>Gets when incidents open, close and open again.</summary>
    public IncidentRules Incidents { get; init; } = new();

    /// <summary>
    /// Gets who responds to an incident and how; <see langword="null"/>, the default, for the monitor's agent and goal.
    /// </summary>
    public ResponseRules? Response { get; init; }

    /// <summary>Gets who is told of an incident, and when; nobody by default.</summary>
    public IReadOnlyList<EscalationStep> Escalation { get; init; } = [];

    /// <summary>Gets the labels of the runs that the monitor starts.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Checks that the definition can be used.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    public void Validate() => MonitorDefinitionRules.Check(this);

    /// <summary>The SHA-256 of the definition's canonical JSON as 64 hexadecimal digits.</summary>
    internal string Hash() =>
        CanonicalJson.Hash(JsonSerializer.SerializeToElement(this, MonitorJson.Options));
}
