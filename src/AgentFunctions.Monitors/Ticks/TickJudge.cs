using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Signals;

namespace AgentFunctions.Monitors.Ticks;

/// <summary>What the look of one tick means.</summary>
/// <param name="Signals">The memory of the signals, this look included.</param>
/// <param name="Incidents">The memory of the incidents, this look included.</param>
/// <param name="Changes">What becomes of incidents.</param>
/// <param name="Changed">The signals that are not as before and that wake the agent for it.</param>
/// <param name="Openings">The incidents that open and wake the agent.</param>
internal sealed record TickJudgement(
    IReadOnlyDictionary<string, SignalMemory> Signals, IReadOnlyDictionary<string, IncidentMark> Incidents,
    IReadOnlyList<IncidentChange> Changes, IReadOnlyList<string> Changed, IReadOnlyList<IncidentChange> Openings)
{
    public bool IsBreached => Signals.Values.Any(signal => signal.IsBreach);
}

/// <summary>Judges what a tick saw. Pure: no clock, no store.</summary>
internal static class TickJudge
{
    public static TickJudgement Judge(
        MonitorDefinition monitor, MonitorMemory memory, IReadOnlyList<Observation> looks, IReadOnlySet<string> resolvedByPerson,
        DateTimeOffset due, DateTimeOffset now)
    {
        // A late tick sees what is now, not what was when it was due.
        DateTimeOffset seenAt = now - due > monitor.Misfire.Grace ? now : due;
        Dictionary<string, SignalMemory> signals = looks.ToDictionary(
            look => look.Signal,
            look => (memory.Signals.GetValueOrDefault(look.Signal) ?? new()).With(look, seenAt, now, monitor.Memory.Samples),
            StringComparer.Ordinal);
        // A key whose signals are gone from the definition is forgotten with them.
        var marks = new Dictionary<string, IncidentMark>(StringComparer.Ordinal);
        var changes = new List<IncidentChange>();
        foreach (IGrouping<string, SignalDefinition> key in monitor.Signals.GroupBy(signal => signal.IncidentKey,
            StringComparer.Ordinal))
        {
            IncidentMark? before = memory.Incidents.GetValueOrDefault(key.Key);
            (IncidentMark? mark, IncidentChange? change) = IncidentDecider.Decide(
                monitor, key.Key, [.. key.Select(signal => (signal, signals[signal.Name]))], before,
                before is not null && resolvedByPerson.Contains(before.Id), due);
            if (mark is not null)
            {
                marks[key.Key] = mark;
            }

            if (change is not null)
            {
                changes.Add(change);
            }
        }

        string[] changed = [.. monitor.Signals
            .Where(signal => signal.Wake == WakeOn.Change
                && memory.Signals.GetValueOrDefault(signal.Name) is { } last
                && last.Fingerprint != signals[signal.Name].Fingerprint)
            .Select(signal => signal.Name)];
        IncidentChange[] openings = [.. changes.Where(change =>
            change.Kind is IncidentEntryKind.Opened or IncidentEntryKind.Reopened
            && monitor.Signals.Any(signal => signal.Wake != WakeOn.Never
                && change.Signals.Contains(signal.Name, StringComparer.Ordinal)))];
        return new TickJudgement(signals, marks, changes, changed, openings);
    }
}
