using AgentFunctions.Budgets;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Monitors;

/// <summary>Grants runs their part of a monitor's day; nothing is spent before it is granted.</summary>
internal sealed class SpendingAllowance(MonitorStore monitors, RunReader runs, TimeProvider time)
{
    /// <summary>What a run may spend, or <see langword="null"/> if the day's budget is used up.</summary>
    /// <param name="record">The monitor.</param>
    /// <param name="key">What the run is for; the same key gets the same grant.</param>
    /// <param name="deadline">How long the run may take.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Budget?> GrantAsync(MonitorRecord record, string key, TimeSpan deadline,
        CancellationToken cancellationToken)
    {
        MonitorDefinition monitor = record.Definition;
        Budget run = (monitor.Budget.Tick ?? new Budget()).Narrow(new Budget { WallClock = deadline });
        if (monitor.Budget.Day is not { } day)
        {
            return run;
        }

        DateOnly today = DateOnly.FromDateTime(
            TimeZoneInfo.ConvertTime(time.GetUtcNow(), DueTimes.ZoneOf(monitor.Schedule)).DateTime);
        Dictionary<string, Run> ended = await EndedAsync(record, cancellationToken).ConfigureAwait(false);
        Budget? granted = null;
        await monitors.UpdateSpendingAsync(record, Grant, cancellationToken).ConfigureAwait(false);
        return granted;

        MonitorSpending Grant(MonitorSpending spending)
        {
            // What runs over midnight was granted by the day before.
            spending = spending.Day == today ? Settle(spending, ended) : new MonitorSpending { Day = today };
            if (TickPlanner.IsTickOf(monitor.Name, key))
            {
                spending = spending with { Grants = [.. spending.Grants.Where(grant => !IsLeft(monitor, grant, key))] };
            }

            if (spending.Grants.FirstOrDefault(grant => grant.Key == key) is { } earlier)
            {
                granted = earlier.Budget;
                return spending;
            }

            Budget left = spending.Left(day);
            granted = left.Steps is 0 || left.Tokens is 0 || left.Usd is 0 ? null : run.Narrow(left);
            return granted is null ? spending : spending with { Grants = [.. spending.Grants, new SpendingGrant(key, granted)] };
        }
    }

    /// <summary>Says which run a grant went to, so that what it leaves over comes back.</summary>
    public Task BindAsync(MonitorRecord monitor, string key, string runId, CancellationToken cancellationToken) =>
        ChangeAsync(monitor, grant => grant.Key == key, grant => grant with { RunId = runId }, cancellationToken);

    /// <summary>Takes a grant back whose run was refused. A key that was used before has a run: its grant stays.</summary>
    public Task GiveBackAsync(MonitorRecord monitor, string key, AgentException refusal, CancellationToken cancellationToken) =>
        ChangeAsync(
            monitor, grant => grant.Key == key && grant.RunId is null,
            grant => refusal.Code == ErrorCode.IdempotencyKeyReused ? grant with { IsTaken = true } : null, cancellationToken);

    /// <summary>
    /// Takes back what was granted to ticks for runs that nobody starts: an attempt that failed before its decision was written
    /// leaves its grant, and the one after it may decide otherwise. Only the last tick's run may still have to be started.
    /// </summary>
    /// <param name="monitor">The monitor.</param>
    /// <param name="waking">The tick whose run is to be started; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the next tick makes up for it.</param>
    public Task TakeBackAsync(MonitorRecord monitor, string? waking, CancellationToken cancellationToken) => ChangeAsync(
        monitor, grant => IsLeft(monitor.Definition, grant, waking), static _ => null, cancellationToken);

    private static bool IsLeft(MonitorDefinition monitor, SpendingGrant grant, string? waking) =>
        grant is { RunId: null, IsTaken: false } && grant.Key != waking && TickPlanner.IsTickOf(monitor.Name, grant.Key);

    private Task ChangeAsync(
        MonitorRecord monitor, Func<SpendingGrant, bool> which, Func<SpendingGrant, SpendingGrant?> change,
        CancellationToken cancellationToken) =>
        monitor.Definition.Budget.Day is null
            ? Task.CompletedTask
            : monitors.UpdateSpendingAsync(
                monitor,
                spending => !spending.Grants.Any(which) ? spending : spending with
                {
                    Grants = [.. spending.Grants.Select(grant => which(grant) ? change(grant) : grant).OfType<SpendingGrant>()],
                },
                cancellationToken);

    private static MonitorSpending Settle(MonitorSpending spending, Dictionary<string, Run> ended)
    {
        foreach (SpendingGrant grant in spending.Grants)
        {
            if (grant.RunId is not null && ended.TryGetValue(grant.RunId, out Run? run))
            {
                spending = spending with
                {
                    Steps = spending.Steps + run.Steps,
                    Tokens = spending.Tokens + run.Usage.InputTokens + run.Usage.OutputTokens,
                    Usd = spending.Usd + run.Usage.Usd,
                    Grants = [.. spending.Grants.Where(other => other != grant)],
                };
            }
        }

        return spending;
    }

    private async Task<Dictionary<string, Run>> EndedAsync(MonitorRecord monitor, CancellationToken cancellationToken)
    {
        var ended = new Dictionary<string, Run>(StringComparer.Ordinal);
        MonitorSpending spending = await monitors.GetSpendingAsync(monitor, cancellationToken).ConfigureAwait(false);
        foreach (SpendingGrant grant in spending.Grants)
        {
            if (grant.RunId is not null
                && await runs.FindAsync(grant.RunId, cancellationToken).ConfigureAwait(false) is { IsEnded: true } run)
            {
                ended[run.Id] = run;
            }
        }

        return ended;
    }
}
