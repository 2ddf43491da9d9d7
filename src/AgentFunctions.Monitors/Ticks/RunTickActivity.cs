using AgentFunctions.Core.Text;
using AgentFunctions.Durability;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;

namespace AgentFunctions.Monitors.Ticks;

/// <summary>
/// One tick: looks at the signals without a model, decides what that means, writes the decision down with the memory, and
/// carries it out. A tick that is delivered again after a crash only carries out what is left.
/// </summary>
internal sealed class RunTickActivity(MonitorStore monitors, TickDecider decider, IncidentWriter desk, TickWaker waker,
    SpendingAllowance spending, TickLog log)
{
    public async Task<RunTickResult> RunAsync(ActivityContext context, RunTickInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        while (await monitors.FindAsync(input.Monitor, cancellationToken).ConfigureAwait(false) is var (record, _)
            && MonitorLoop.InstanceIdOf(record) == context.InstanceId)
        {
            (MonitorMemory memory, string? etag) = await ReadMemoryAsync(record, input.Due, cancellationToken)
                .ConfigureAwait(false);
            bool isDone = input.IsManual ? memory.LastManual >= input.Due : memory.LastDue >= input.Due;
            if (isDone)
            {
                return new RunTickResult(true);
            }

            if (record.PausedAt is not null && !input.IsManual)
            {
                await spending.TakeBackAsync(record, null, cancellationToken).ConfigureAwait(false);
                break;
            }

            MonitorMemory decided = await decider.DecideAsync(record, memory, input, cancellationToken).ConfigureAwait(false);
            try
            {
                etag = await monitors.PutMemoryAsync(record, decided, etag, cancellationToken).ConfigureAwait(false);
                TickDecision decision = decided.Decision!;
                await spending.TakeBackAsync(record, decision.Wake is null ? null : decision.Record.Id, cancellationToken)
                    .ConfigureAwait(false);
                await CarryOutAsync(record, decided, etag, cancellationToken).ConfigureAwait(false);
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
        MonitorRecord monitor, DateTimeOffset due, CancellationToken cancellationToken)
    {
        string name = monitor.Definition.Name;
        if (await monitors.FindMemoryAsync(monitor, cancellationToken).ConfigureAwait(false) is not var (memory, etag))
        {
            // There may have been a monitor of this name before: its log goes on.
            var day = DateOnly.FromDateTime(due.UtcDateTime);
            long length = await log.GetLengthAsync(name, day, cancellationToken).ConfigureAwait(false);
            return (new MonitorMemory { LogDay = day, LogLength = length }, null);
        }

        // The log comes last, so a log that is short tells of a tick that was cut off.
        return await log.GetLengthAsync(name, memory.LogDay, cancellationToken).ConfigureAwait(false) >= memory.LogLength
            ? (memory, etag)
            : await CarryOutAsync(monitor, memory, etag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Does what a tick decided. Every part can be done again without harm.</summary>
    private async Task<(MonitorMemory Memory, string? Etag)> CarryOutAsync(
        MonitorRecord monitor, MonitorMemory memory, string? etag, CancellationToken cancellationToken)
    {
        MonitorDefinition definition = monitor.Definition;
        TickDecision decision = memory.Decision!;
        foreach (IncidentChange change in decision.Changes)
        {
            await desk.ApplyAsync(definition, decision.Record, change, cancellationToken).ConfigureAwait(false);
        }

        TickRecord record = decision.Record;
        if (decision.Wake is { } order)
        {
            (string? run, AgentException? refusal) = await waker.WakeAsync(monitor, record.Id, order, cancellationToken)
                .ConfigureAwait(false);
            memory = run is null ? Refused(definition, memory, decision, refusal!.Message) : memory with { LastRun = run };
            record = memory.Decision!.Record with { Run = run };
            etag = await monitors.PutMemoryAsync(monitor, memory, etag, cancellationToken).ConfigureAwait(false);
            if (refusal is not null)
            {
                await spending.GiveBackAsync(monitor, record.Id, refusal, cancellationToken).ConfigureAwait(false);
            }
        }

        TickRecord[] entries = decision.Skipped is { } skipped ? [skipped, record] : [record];
        await log.AppendAsync(definition.Name, memory.LogDay, decision.LogFrom, entries, cancellationToken).ConfigureAwait(false);
        return (memory, etag);
    }

    /// <summary>
    /// A refusal settles the order: were it kept until somebody is woken, every later tick would repeat it before it looks.
    /// </summary>
    private static MonitorMemory Refused(MonitorDefinition monitor, MonitorMemory memory, TickDecision decision, string refusal)
    {
        TickTotals totals = memory.Totals;
        bool responds = monitor.Response is not null
            && decision.Changes.Any(static change => change.Kind is IncidentEntryKind.Opened or IncidentEntryKind.Reopened);
        string note = decision.Record.Note is { } before ? $"{before}; not woken: {refusal}" : $"not woken: {refusal}";
        return memory with
        {
            Totals = responds ? totals : totals with { Spared = totals.Spared + 1, Woke = totals.Woke - 1 },
            Decision = decision with
            {
                Record = decision.Record with { Note = TextCut.Shorten(note, TickRecord.NoteLimit) },
                Wake = null,
            },
        };
    }
}
