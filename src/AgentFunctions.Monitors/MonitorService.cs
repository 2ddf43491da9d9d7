using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;

namespace AgentFunctions.Monitors;

/// <summary>Makes, changes, holds and shows monitors.</summary>
/// <remarks>A change that was found right is carried through, though its caller leaves.</remarks>
public sealed class MonitorService
{
    private static readonly OrchestrationStatus[] Ended =
        [OrchestrationStatus.Completed, OrchestrationStatus.Failed, OrchestrationStatus.Terminated];

    private readonly MonitorStore _monitors;
    private readonly TickLog _log;
    private readonly MonitorHostRules _rules;
    private readonly IOrchestrationClient _orchestrations;
    private readonly AuditLog _audit;
    private readonly TimeProvider _time;
    private readonly Lock _manual = new();
    private DateTimeOffset _lastManual;

    internal MonitorService(
        MonitorStore monitors, TickLog log, MonitorHostRules rules, IOrchestrationClient orchestrations, AuditLog audit,
        TimeProvider time) =>
        (_monitors, _log, _rules, _orchestrations, _audit, _time) =
            (monitors, log, rules, orchestrations, audit, time);

    /// <summary>Makes a monitor, or changes the one of that name. It looks from now on; what it remembers stays.</summary>
    /// <param name="definition">The monitor.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait; it may have been written.</param>
    /// <returns>The monitor, and whether it is new.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>, <see cref="ErrorCode.AgentNotFound"/> or <see cref="ErrorCode.ToolNotFound"/>: the
    /// message names the field; nothing changed.
    /// </exception>
    public async Task<(MonitorView Monitor, bool IsNew)> PutAsync(
        MonitorDefinition definition, string requester = "local", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(definition);
        definition.Validate();
        await _rules.CheckAsync(definition, cancellationToken).ConfigureAwait(false);
        (MonitorRecord Value, string Etag)? found = await _monitors.FindAsync(definition.Name, cancellationToken)
            .ConfigureAwait(false);
        cancellationToken = CancellationToken.None;
        DateTimeOffset now = _time.GetUtcNow();
        MonitorRecord? old = found?.Value;
        MonitorRecord record = old is not null && old.Definition.Hash() == definition.Hash() ? old : new MonitorRecord
        {
            Definition = definition,
            CreatedAt = old?.CreatedAt ?? now,
            UpdatedAt = now,
            // Due times of the new schedule that have passed already are no missed ticks.
            ActiveFrom = old is not null && old.Definition.Schedule == definition.Schedule ? old.ActiveFrom : now,
            PausedAt = old?.PausedAt,
            Loop = old is null ? NewLoop(definition.Name) : old.Loop,
            By = requester,
        };
        if (!ReferenceEquals(record, old))
        {
            string what = $"{(old is null ? "made" : "changed")} monitor '{definition.Name}' (definition {definition.Hash()})";
            await AuditAsync(requester, what, cancellationToken).ConfigureAwait(false);
            await _monitors.PutAsync(record, found?.Etag, cancellationToken).ConfigureAwait(false);
        }

        await EnsureRunningAsync(record, cancellationToken).ConfigureAwait(false);
        await TellAsync(record, cancellationToken).ConfigureAwait(false);
        return (await GetAsync(definition.Name, cancellationToken).ConfigureAwait(false), found is null);
    }

    /// <summary>Gets a monitor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.MonitorNotFound"/>.</exception>
    public async Task<MonitorView> GetAsync(string name, CancellationToken cancellationToken = default) =>
        await ViewAsync((await FindAsync(name, cancellationToken).ConfigureAwait(false)).Value, cancellationToken)
            .ConfigureAwait(false);

    /// <summary>Lists the monitors in the order of their names.</summary>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async IAsyncEnumerable<MonitorView> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (MonitorRecord record in _monitors.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return await ViewAsync(record, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes a monitor with what it remembers. Its incidents and its runs stay.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.MonitorNotFound"/>.</exception>
    public async Task DeleteAsync(string name, string requester = "local", CancellationToken cancellationToken = default)
    {
        (MonitorRecord record, _) = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        cancellationToken = CancellationToken.None;
        await AuditAsync(requester, $"deleted monitor '{name}'", cancellationToken).ConfigureAwait(false);
        await _monitors.DeleteAsync(record, cancellationToken).ConfigureAwait(false);
        await TellAsync(record, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Pauses a monitor. No tick is due until it is resumed, and none is caught up on.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.MonitorNotFound"/>.</exception>
    public Task<MonitorView> PauseAsync(string name, string requester = "local", CancellationToken cancellationToken = default) =>
        ChangeAsync(name, requester, "paused",
            (record, now) => record.PausedAt is null ? record with { PausedAt = now, By = requester } : record,
            cancellationToken);

    /// <summary>Resumes a paused monitor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.MonitorNotFound"/>.</exception>
    public Task<MonitorView> ResumeAsync(string name, string requester = "local",
        CancellationToken cancellationToken = default) =>
        ChangeAsync(
            name, requester, "resumed",
            (record, now) => record.PausedAt is null ? record : record with { PausedAt = null, ActiveFrom = now, By = requester },
            cancellationToken);

    /// <summary>Asks for a tick now, besides those by schedule.</summary>
    /// <param name="name">The monitor's name.</param>
    /// <param name="requester">The id of the caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The id of the tick.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.MonitorNotFound"/>.</exception>
    public async Task<string> RunNowAsync(string name, string requester = "local", CancellationToken cancellationToken = default)
    {
        (MonitorRecord record, _) = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        cancellationToken = CancellationToken.None;
        await AuditAsync(requester, $"asked monitor '{name}' for a tick", cancellationToken).ConfigureAwait(false);
        DateTimeOffset? ran = (await _monitors.FindMemoryAsync(record, cancellationToken).ConfigureAwait(false))?.Value
            .LastManual;
        DateTimeOffset due;
        lock (_manual)
        {
            due = _lastManual = TickPlanner.ManualDue(_time.GetUtcNow(), ran > _lastManual ? ran.Value : _lastManual);
        }

        await EnsureRunningAsync(record, cancellationToken).ConfigureAwait(false);
        await _orchestrations.RaiseEventAsync(
            MonitorLoop.InstanceIdOf(record), MonitorEvents.Run, new ManualTick(due), cancellationToken).ConfigureAwait(false);
        return TickPlanner.TickId(name, due);
    }

    /// <summary>Lists the latest ticks, newest first. The last 30 days are kept.</summary>
    /// <param name="name">The monitor's name.</param>
    /// <param name="count">The most ticks.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.MonitorNotFound"/>.</exception>
    public async Task<IReadOnlyList<TickRecord>> GetHistoryAsync(string name, int count = 100,
        CancellationToken cancellationToken = default)
    {
        (MonitorRecord record, _) = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        return await _monitors.FindMemoryAsync(record, cancellationToken).ConfigureAwait(false) is var (memory, _)
            ? await _log.ReadLatestAsync(name, memory.LogDay, count, cancellationToken).ConfigureAwait(false)
            : [];
    }

    /// <summary>Gets the values that a signal had at the latest ticks, oldest first. The last 30 days are kept.</summary>
    /// <param name="name">The monitor's name.</param>
    /// <param name="signal">The signal's name.</param>
    /// <param name="from">Only ticks that ran at this time or later; <see langword="null"/> for any.</param>
    /// <param name="count">The most ticks that are looked at.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The points; <see langword="null"/> if the monitor has no such signal.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.MonitorNotFound"/>.</exception>
    public async Task<IReadOnlyList<SignalPoint>?> FindSeriesAsync(
        string name, string signal, DateTimeOffset? from = null, int count = 1_000, CancellationToken cancellationToken = default)
    {
        MonitorView monitor = await GetAsync(name, cancellationToken).ConfigureAwait(false);
        if (!monitor.Definition.Signals.Any(known => known.Name == signal))
        {
            return null;
        }

        IReadOnlyList<TickRecord> ticks = await GetHistoryAsync(name, count, cancellationToken).ConfigureAwait(false);
        return
        [
            .. ticks.Where(tick => tick.Outcome != TickOutcome.Skipped && !(tick.At < from)).Reverse()
                .Select(tick => new SignalPoint(
                tick.At,
                tick.Values is { } values && values.TryGetValue(signal, out double value) ? value : null,
                tick.Breaches?.Contains(signal) == true)),
        ];
    }

    /// <summary>Starts the orchestrations of all monitors that have none: after a start of the host, or on a timer.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task EnsureRunningAsync(CancellationToken cancellationToken = default)
    {
        await foreach (MonitorRecord record in _monitors.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            await EnsureRunningAsync(record, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string NewLoop(string monitor) =>
        $"monitor-{monitor}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    private async Task EnsureRunningAsync(MonitorRecord monitor, CancellationToken cancellationToken)
    {
        try
        {
            await _orchestrations.ScheduleAsync(
                MonitorLoop.Name,
                new MonitorState(monitor.Definition.Name, await LastDueAsync(monitor, cancellationToken).ConfigureAwait(false)),
                new StartOptions { InstanceId = MonitorLoop.InstanceIdOf(monitor), ReplaceableStatuses = Ended },
                cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // It runs.
        }
    }

    private async Task<DateTimeOffset?> LastDueAsync(MonitorRecord monitor, CancellationToken cancellationToken) =>
        (await _monitors.FindMemoryAsync(monitor, cancellationToken).ConfigureAwait(false))?.Value.LastDue;

    private async Task<MonitorView> ChangeAsync(
        string name, string requester, string what, Func<MonitorRecord, DateTimeOffset, MonitorRecord> change,
        CancellationToken cancellationToken)
    {
        (MonitorRecord record, string etag) = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        cancellationToken = CancellationToken.None;
        MonitorRecord after = change(record, _time.GetUtcNow());
        if (!ReferenceEquals(record, after))
        {
            await AuditAsync(requester, $"{what} monitor '{name}'", cancellationToken).ConfigureAwait(false);
            await _monitors.PutAsync(after, etag, cancellationToken).ConfigureAwait(false);
        }

        // Also where nothing changed: a crash may have come between the change and this.
        await TellAsync(after, cancellationToken).ConfigureAwait(false);
        return await ViewAsync(after, cancellationToken).ConfigureAwait(false);
    }

    private Task AuditAsync(string requester, string what, CancellationToken cancellationToken) =>
        _audit.AppendAsync(new AuditEntry(AuditTypes.MonitorCommanded) { Actor = requester, Reason = what }, cancellationToken);

    private async Task<(MonitorRecord Value, string Etag)> FindAsync(string name, CancellationToken cancellationToken) =>
        (MonitorDefinitionRules.IsName(name) ? await _monitors.FindAsync(name, cancellationToken).ConfigureAwait(false) : null)
        ?? throw new AgentException(ErrorCode.MonitorNotFound, $"There is no monitor '{name}'.");

    /// <summary>Lets the monitor's orchestration read its record again.</summary>
    private async Task TellAsync(MonitorRecord monitor, CancellationToken cancellationToken)
    {
        try
        {
            await _orchestrations.RaiseEventAsync(
                MonitorLoop.InstanceIdOf(monitor), MonitorEvents.Changed, "changed", cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
        {
            // A crash came before its first start; the next start of the host makes up for it.
        }
    }

    private async Task<MonitorView> ViewAsync(MonitorRecord record, CancellationToken cancellationToken)
    {
        MonitorMemory memory = (await _monitors.FindMemoryAsync(record, cancellationToken).ConfigureAwait(false))?.Value ?? new();
        DateTimeOffset now = _time.GetUtcNow();
        DateTimeOffset after = memory.LastDue > record.ActiveFrom ? memory.LastDue.Value : record.ActiveFrom;
        TickPlan plan = TickPlanner.Plan(record.Definition, after > now ? after : now, now, 3);
        return new MonitorView
        {
            Definition = record.Definition,
            CreatedAt = record.CreatedAt,
            UpdatedAt = record.UpdatedAt,
            PausedAt = record.PausedAt,
            NextDue = record.PausedAt is null && plan.Upcoming is [var next, ..] ? next.Due : null,
            Upcoming = record.PausedAt is null ? [.. plan.Upcoming.Select(static tick => tick.Due)] : [],
            LastDue = memory.LastDue,
            Totals = memory.Totals,
            Signals = memory.Signals,
            Troubles = await _monitors.GetTroublesAsync(record.Definition.Name, cancellationToken).ConfigureAwait(false),
            OpenIncidents = [.. memory.Incidents.Values.Where(mark => mark.ResolvedAt is null).Select(mark => mark.Id)],
            Notes = await _monitors.GetNotesAsync(record, cancellationToken).ConfigureAwait(false),
        };
    }
}
