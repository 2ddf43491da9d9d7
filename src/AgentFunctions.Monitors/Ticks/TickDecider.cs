using AgentFunctions.Core.Text;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Monitors.Signals;

namespace AgentFunctions.Monitors.Ticks;

/// <summary>Looks at the signals of a monitor and decides what that means. Carries nothing out.</summary>
internal sealed class TickDecider(SignalChecker checker, IncidentStore incidents, TickWaker waker, TimeProvider time)
{
    /// <summary>Decides a tick.</summary>
    /// <param name="record">The monitor.</param>
    /// <param name="memory">What it remembers.</param>
    /// <param name="input">The tick.</param>
    /// <param name="cancellationToken">The token to cancel the looks.</param>
    /// <returns>The memory with the decision.</returns>
    public async Task<MonitorMemory> DecideAsync(
        MonitorRecord record, MonitorMemory memory, RunTickInput input, CancellationToken cancellationToken)
    {
        MonitorDefinition monitor = record.Definition;
        DateTimeOffset now = time.GetUtcNow();
        string id = TickPlanner.TickId(monitor.Name, input.Due);
        Observation[] looks = await checker.LookAsync(monitor, memory.Signals, now, cancellationToken).ConfigureAwait(false);
        HashSet<string> resolved = await ResolvedByPersonAsync(memory, cancellationToken).ConfigureAwait(false);
        TickJudgement judgement = TickJudge.Judge(monitor, memory, looks, resolved, input.Due, now);
        WakeDecision wake = await waker.DecideAsync(record, memory, judgement, id, input.Due, cancellationToken)
            .ConfigureAwait(false);
        var ran = new TickRecord
        {
            Id = id,
            Due = input.Due,
            At = now,
            Outcome = judgement.IsBreached ? TickOutcome.Breached
                : judgement.Changed.Count + judgement.Changes.Count > 0 || wake.Order is not null ? TickOutcome.Changed
                : TickOutcome.Quiet,
            Note = NoteOf(monitor, judgement, wake),
            Incidents = judgement.Changes.Count == 0 ? null : [.. judgement.Changes.Select(change => change.IncidentId)],
            Manual = input.IsManual ? true : null,
            Values = ValuesOf(looks),
            Breaches = looks.Any(static look => look.IsBreach)
                ? [.. looks.Where(static look => look.IsBreach).Select(static look => look.Signal)]
                : null,
        };
        return Remember(monitor, memory, input, judgement, wake, ran);
    }

    private static MonitorMemory Remember(
        MonitorDefinition monitor, MonitorMemory memory, RunTickInput input, TickJudgement judgement, WakeDecision wake,
        TickRecord ran)
    {
        TickRecord? skipped = input.Skipped is not { } left ? null : new TickRecord
        {
            Id = TickPlanner.TickId(monitor.Name, left.First),
            Due = left.First,
            At = ran.At,
            Outcome = TickOutcome.Skipped,
            Note = $"{left.Reason}; until {left.Last.UtcDateTime:u}",
            Count = left.Count,
        };
        var day = DateOnly.FromDateTime(input.Due.UtcDateTime);
        long from = day > memory.LogDay ? 0 : memory.LogLength;
        bool isSpared = wake.Order is null && (monitor.Response is null || judgement.Openings.Count == 0);
        return memory with
        {
            LastDue = input.IsManual ? memory.LastDue : input.Due,
            LastManual = input.IsManual ? input.Due : memory.LastManual,
            LogDay = day > memory.LogDay ? day : memory.LogDay,
            LogLength = from + (skipped is null ? 1 : 2),
            Signals = judgement.Signals,
            Incidents = judgement.Incidents,
            Queued = wake.Queued,
            Totals = memory.Totals with
            {
                Ran = memory.Totals.Ran + 1,
                Spared = memory.Totals.Spared + (isSpared ? 1 : 0),
                Woke = memory.Totals.Woke + (isSpared ? 0 : 1),
                Skipped = memory.Totals.Skipped + (skipped?.Count ?? 0),
                Incidents = memory.Totals.Incidents + judgement.Changes.Count(change => change.Kind == IncidentEntryKind.Opened),
            },
            Decision = new TickDecision
            {
                Record = ran,
                Skipped = skipped,
                Changes = judgement.Changes,
                Wake = wake.Order,
                LogFrom = from,
            },
        };
    }

    private async Task<HashSet<string>> ResolvedByPersonAsync(MonitorMemory memory, CancellationToken cancellationToken)
    {
        var resolved = new HashSet<string>(StringComparer.Ordinal);
        foreach (IncidentMark mark in memory.Incidents.Values.Where(mark => mark.ResolvedAt is null))
        {
            if (await incidents.FindAsync(mark.Id, cancellationToken).ConfigureAwait(false) is { IsOpen: false })
            {
                resolved.Add(mark.Id);
            }
        }

        return resolved;
    }

    private static Dictionary<string, double>? ValuesOf(Observation[] looks)
    {
        var values = looks.Where(static look => look.Value is { } value && double.IsFinite(value))
            .ToDictionary(static look => look.Signal, static look => look.Value!.Value, StringComparer.Ordinal);
        return values.Count == 0 ? null : values;
    }

    private static string? NoteOf(MonitorDefinition monitor, TickJudgement judgement, WakeDecision wake)
    {
        IEnumerable<string> complaints = monitor.Signals
            .Select(signal => (signal.Name, judgement.Signals[signal.Name].Error))
            .Where(signal => signal.Error is not null)
            .Select(signal => $"{signal.Name}: {signal.Error}");
        IEnumerable<string> changes = judgement.Changed.Select(name => $"{name} changed");
        string note = string.Join("; ", complaints.Concat(changes).Append(wake.Note ?? "").Where(part => part.Length > 0));
        return note.Length == 0 ? null : TextCut.Shorten(note, TickRecord.NoteLimit);
    }
}
