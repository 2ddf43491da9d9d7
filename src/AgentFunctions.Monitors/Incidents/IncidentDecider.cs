using AgentFunctions.Core.Text;
using AgentFunctions.Monitors.Signals;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>What a monitor remembers of an incident under one key, from tick to tick.</summary>
/// <param name="Id">The incident.</param>
/// <param name="Opening">Which opening this is, from 1.</param>
/// <param name="Severity">The worst severity so far.</param>
/// <param name="Priority">The priority that was written last.</param>
/// <param name="StartedAt">When this opening began (UTC).</param>
internal sealed record IncidentMark(string Id, int Opening, Severity Severity, int Priority, DateTimeOffset StartedAt)
{
    /// <summary>Gets when it was resolved; <see langword="null"/> while it is open.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    public bool IsFlapping { get; init; }

    public IReadOnlyList<string> Signals { get; init; } = [];
}

/// <summary>
/// Decides from what the signals show which incidents open, change and end. Pure: the same memory and the same look
/// give the same decision.
/// </summary>
internal static class IncidentDecider
{
    /// <summary>The decisions of one tick about one key.</summary>
    /// <param name="monitor">The monitor.</param>
    /// <param name="key">The key.</param>
    /// <param name="signals">What is remembered of the key's signals, this tick's look included.</param>
    /// <param name="mark">What is remembered of the key's last incident; <see langword="null"/> if there is none.</param>
    /// <param name="resolvedByPerson">Whether a person resolved that incident meanwhile.</param>
    /// <param name="due">The tick's due time.</param>
    public static (IncidentMark? Mark, IncidentChange? Change) Decide(
        MonitorDefinition monitor, string key, IReadOnlyList<(SignalDefinition Signal, SignalMemory Memory)> signals,
        IncidentMark? mark, bool resolvedByPerson, DateTimeOffset due)
    {
        IncidentRules rules = monitor.Incidents;
        (SignalDefinition Signal, SignalMemory Memory)[] breaches =
            [.. signals.Where(signal => signal.Memory.IsBreach && signal.Memory.Streak >= rules.OpenAfter)];
        if (mark is { ResolvedAt: null } && resolvedByPerson)
        {
            mark = mark with { ResolvedAt = due };
        }

        if (mark is { ResolvedAt: null } open)
        {
            bool isFlapping = open.IsFlapping || signals.Max(signal => signal.Memory.Flips()) >= rules.FlapsAfter;
            return signals.All(signal => !signal.Memory.IsBreach && signal.Memory.Streak >= rules.ResolveAfterOf(isFlapping))
                ? Resolve(open, key, signals, due)
                : Update(monitor, open, key, breaches, isFlapping, due);
        }

        bool mayReopen = mark is not null && due - mark.ResolvedAt <= rules.ReopenWithin && rules.ReopenWithin > TimeSpan.Zero;
        return breaches.Length > 0 ? Open(monitor, mayReopen ? mark : null, key, breaches, due) : (mayReopen ? mark : null, null);
    }

    private static (IncidentMark, IncidentChange) Open(
        MonitorDefinition monitor, IncidentMark? earlier, string key,
        (SignalDefinition Signal, SignalMemory Memory)[] breaches, DateTimeOffset due)
    {
        DateTimeOffset since = breaches.Min(breach => breach.Memory.Since) ?? due;
        Severity severity = breaches.Max(breach => breach.Signal.Severity);
        int opening = (earlier?.Opening ?? 0) + 1;
        var mark = new IncidentMark(
            earlier?.Id ?? IncidentId.Of(monitor.Name, key, due), opening, severity,
            monitor.Incidents.PriorityOf(key, severity, due - since), since)
        {
            Signals = NamesOf(breaches),
            IsFlapping = earlier?.IsFlapping ?? false,
        };
        string text = string.Join("; ", breaches.Select(breach => $"{breach.Signal.Name}: {breach.Memory.Error}"));
        return (mark, ChangeOf(earlier is null ? IncidentEntryKind.Opened : IncidentEntryKind.Reopened, mark, key, text) with
        {
            SeenAt = since,
            Evidence = breaches[0].Memory.Evidence,
        });
    }

    private static (IncidentMark, IncidentChange) Resolve(
        IncidentMark mark, string key, IReadOnlyList<(SignalDefinition Signal, SignalMemory Memory)> signals, DateTimeOffset due)
    {
        DateTimeOffset gone = signals.Max(signal => signal.Memory.Since) ?? due;
        return (mark with { ResolvedAt = due }, ChangeOf(IncidentEntryKind.Resolved, mark, key, "the signals recovered") with
        {
            SeenAt = gone,
            Evidence = signals[0].Memory.Evidence,
        });
    }

    /// <summary>More signals, a worse severity, a higher priority by age, or flapping; nothing where all is as it was.</summary>
    private static (IncidentMark, IncidentChange?) Update(
        MonitorDefinition monitor, IncidentMark mark, string key,
        (SignalDefinition Signal, SignalMemory Memory)[] breaches, bool isFlapping, DateTimeOffset due)
    {
        Severity severity = breaches.Select(breach => breach.Signal.Severity).Append(mark.Severity).Max();
        IncidentMark now = mark with
        {
            Severity = severity,
            Priority = monitor.Incidents.PriorityOf(key, severity, due - mark.StartedAt),
            IsFlapping = isFlapping,
            Signals = [.. mark.Signals.Union(NamesOf(breaches), StringComparer.Ordinal)],
        };
        if (isFlapping && !mark.IsFlapping)
        {
            return (now, ChangeOf(IncidentEntryKind.Flapping, now, key, "the signals come and go"));
        }

        return now.Signals.Count == mark.Signals.Count && now.Severity == mark.Severity && now.Priority == mark.Priority
            ? (mark, null)
            : (now, ChangeOf(
                IncidentEntryKind.Updated, now, key, $"priority {now.Priority}; signals: {string.Join(", ", now.Signals)}"));
    }

    private static IncidentChange ChangeOf(IncidentEntryKind kind, IncidentMark mark, string key, string text) => new()
    {
        Kind = kind,
        IncidentId = mark.Id,
        Key = key,
        Title = TextCut.Shorten(text, 199),
        Severity = mark.Severity,
        Priority = mark.Priority,
        Opening = mark.Opening,
        Text = text,
        Signals = mark.Signals,
    };

    private static string[] NamesOf((SignalDefinition Signal, SignalMemory Memory)[] breaches) =>
        [.. breaches.Select(breach => breach.Signal.Name)];
}
