namespace AgentFunctions.Monitors.Incidents;

/// <summary>Represents the rules by which a monitor's incidents open, close and reopen.</summary>
public sealed record IncidentRules
{
    /// <summary>Gets how many breaches in a row open an incident; 1 by default.</summary>
    public int OpenAfter { get; init; } = 1;

    /// <summary>Gets how many looks in a row without a breach resolve it; 2 by default.</summary>
    public int ResolveAfter { get; init; } = 2;

    /// <summary>
    /// Gets a breach this soon after the end opens the same incident again; 15 minutes by default, zero for never.
    /// </summary>
    public TimeSpan ReopenWithin { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Signals that change between breach and health so often within 32 looks are flapping: the incident then resolves
    /// only after four times <see cref="ResolveAfter"/>. 6 by default.
    /// </summary>
    public int FlapsAfter { get; init; } = 6;

    /// <summary>
    /// Gets how urgent an incident is: the first rule that matches says. By severity where none does: critical is 1.
    /// </summary>
    public IReadOnlyList<PriorityRule> Priorities { get; init; } = [];

    internal int ResolveAfterOf(bool isFlapping) => isFlapping ? 4 * ResolveAfter : ResolveAfter;

    /// <summary>The priority of an incident at a moment.</summary>
    internal int PriorityOf(string key, Severity severity, TimeSpan age)
    {
        PriorityRule? rule = Priorities.FirstOrDefault(rule => rule.Matches(key, severity, age));
        return rule?.Priority ?? (Severity.Critical - severity + 1);
    }
}

/// <summary>Represents a rule that gives incidents a priority. A condition that is not set matches every incident.</summary>
public sealed record PriorityRule
{
    /// <summary>Gets the key that an incident must have; <see langword="null"/> for any.</summary>
    public string? Key { get; init; }

    /// <summary>Gets the least severity that an incident must have.</summary>
    public Severity? AtLeast { get; init; }

    /// <summary>Gets how long an incident must have lasted; <see langword="null"/> for any time.</summary>
    public TimeSpan? After { get; init; }

    /// <summary>Gets the priority: 1, the most urgent, to 5.</summary>
    public required int Priority { get; init; }

    internal bool Matches(string key, Severity severity, TimeSpan age) =>
        (Key is null || Key == key) && (AtLeast is null || severity >= AtLeast) && (After is null || age >= After);
}

/// <summary>
/// Represents a step of an escalation: who is notified of an incident that is open and not acknowledged, and when.
/// </summary>
public sealed record EscalationStep
{
    /// <summary>Gets how long after the opening; at once by default.</summary>
    public TimeSpan After { get; init; }

    /// <summary>Gets the names of the host's notification channels to tell.</summary>
    public required IReadOnlyList<string> Notify { get; init; }

    /// <summary>Gets the interval of reminders until the next step; <see langword="null"/>, the default, for none.</summary>
    public TimeSpan? RemindEvery { get; init; }

    /// <summary>Gets the least severity that an incident must have.</summary>
    public Severity AtLeast { get; init; } = Severity.Info;
}
