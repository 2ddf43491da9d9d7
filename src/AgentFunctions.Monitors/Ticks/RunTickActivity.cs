using AgentFunctions.Core.Text;
using AgentFunctions.Durability;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Monitors.Signals;

namespace AgentFunctions.Monitors.Ticks;

/// <summary>
/// One tick: looks at the signals without a model, decides what that means, writes the decision down with the memory, and
/// carries it out. A tick that is delivered again after a crash only carries out what is left.
/// </summary>
internal sealed class RunTickActivity(
    MonitorStore monitors, SignalChecker checker, IncidentStore incidents, IncidentWriter desk, TickWaker waker, TickLog log,
    TimeProvider time)
{
    public async Task<RunTickResult> RunAsync(ActivityContext context, RunTickInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        while (await monitors.FindAsync(input.Monitor, cancellationToken).ConfigureAwait(false) is var (record, _))
        {
            (MonitorMemory memory, string? etag) = await ReadMemoryAsync(record.Definition, input.Due, cancellationToken).ConfigureAwait(false);
            bool isDone = input.IsManual ? memory.LastManual >= input.Due : memory.LastDue >= input.Due;
            if (isDone)
            {
                return new RunTickResult(true);
            }

            if (record.PausedAt is not null && !input.IsManual)
            {
                break;
            }

            MonitorMemory decided = await DecideAsync(record.Definition, memory, input, cancellationToken).ConfigureAwait(false);
            try
            {
                etag = await monitors.PutMemoryAsync(input.Monitor, decided, etag, cancellationToken).ConfigureAwait(false);
                await CarryOutAsync(record.Definition, decided, etag, cancellationToken).ConfigureAwait(false);
                return new RunTickResult(true);
            }
            catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
            {
                // Another host runs the same tick: what it has written down counts.
            }
        }

        return new RunTickResult(false);
    }

    /// <summary>The memory, after all that the last tick decided is carried out.</summary>
    private async Task<(MonitorMemory Memory, string? Etag)> ReadMemoryAsync(
        MonitorDefinition monitor, DateTimeOffset due, CancellationToken cancellationToken)
    {
        if (await monitors.FindMemoryAsync(monitor.Name, cancellationToken).ConfigureAwait(false) is not var (memory, etag))
        {
            // There may have been a monitor of this name before: its log goes on.
            var day = DateOnly.FromDateTime(due.UtcDateTime);
            long length = await log.GetLengthAsync(monitor.Name, day, cancellationToken).ConfigureAwait(false);
            return (new MonitorMemory { LogDay = day, LogLength = length }, null);
        }

        // The log comes last, so a log that is short tells of a tick that was cut off.
        return await log.GetLengthAsync(monitor.Name, memory.LogDay, cancellationToken).ConfigureAwait(false) >= memory.LogLength
            ? (memory, etag)
            : await CarryOutAsync(monitor, memory, etag, cancellationToken).ConfigureAwait(false);
    }

    private async Task<MonitorMemory> DecideAsync(
        MonitorDefinition monitor, MonitorMemory memory, RunTickInput input, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        string id = TickPlanner.TickId(monitor.Name, input.Due);
        Observation[] looks = await checker.LookAsync(monitor, memory.Signals, now, cancellationToken).ConfigureAwait(false);
        HashSet<string> resolved = await ResolvedByPersonAsync(memory, cancellationToken).ConfigureAwait(false);
        TickJudgement judgement = TickJudge.Judge(monitor, memory, looks, resolved, input.Due, now);
        WakeDecision wake = await waker.DecideAsync(monitor, memory, judgement, id, input.Due, cancellationToken).ConfigureAwait(false);
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
        };
        return Remember(monitor, memory, input, judgement, wake, ran);
    }

    private static MonitorMemory Remember(
        MonitorDefinition monitor, MonitorMemory memory, RunTickInput input, TickJudgement judgement, WakeDecision wake, TickRecord ran)
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

    /// <summary>Does what a tick decided. Every part can be done again without harm.</summary>
    private async Task<(MonitorMemory Memory, string? Etag)> CarryOutAsync(
        MonitorDefinition monitor, MonitorMemory memory, string? etag, CancellationToken cancellationToken)
    {
        TickDecision decision = memory.Decision!;
        foreach (IncidentChange change in decision.Changes)
        {
            await desk.ApplyAsync(monitor, decision.Record, change, cancellationToken).ConfigureAwait(false);
        }

        TickRecord record = decision.Record;
        if (decision.Wake is { } order)
        {
            string run = await waker.WakeAsync(monitor, record.Id, order, cancellationToken).ConfigureAwait(false);
            record = record with { Run = run };
            memory = memory with { LastRun = run };
            etag = await monitors.PutMemoryAsync(monitor.Name, memory, etag, cancellationToken).ConfigureAwait(false);
        }

        TickRecord[] entries = decision.Skipped is { } skipped ? [skipped, record] : [record];
        await log.AppendAsync(monitor.Name, memory.LogDay, decision.LogFrom, entries, cancellationToken).ConfigureAwait(false);
        return (memory, etag);
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

    private static string? NoteOf(MonitorDefinition monitor, TickJudgement judgement, WakeDecision wake)
    {
        IEnumerable<string> complaints = monitor.Signals
            .Select(signal => (signal.Name, judgement.Signals[signal.Name].Error))
            .Where(signal => signal.Error is not null)
            .Select(signal => $"{signal.Name}: {signal.Error}");
        IEnumerable<string> changes = judgement.Changed.Select(name => $"{name} changed");
        string note = string.Join("; ", complaints.Concat(changes).Append(wake.Note ?? "").Where(part => part.Length > 0));
        return note.Length == 0 ? null : TextCut.Shorten(note, 500);
    }
}
