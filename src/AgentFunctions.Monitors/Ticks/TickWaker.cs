using AgentFunctions.Budgets;
using AgentFunctions.Core.Text;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Monitors.Ticks;

/// <summary>Whether and for what a tick wakes the agent.</summary>
/// <param name="Order">The order; <see langword="null"/> to wake nobody.</param>
/// <param name="Note">Why nobody is woken although there is cause.</param>
/// <param name="Queued">What a later tick is to wake the agent for.</param>
internal sealed record WakeDecision(WakeOrder? Order = null, string? Note = null, string? Queued = null);

/// <summary>Wakes the agent of a monitor, within the policy for overlaps and the budget of the day.</summary>
internal sealed class TickWaker(
    MonitorStore monitors, AgentGateway gateway, RunSteering steering, RunReader runs, SpendingAllowance spending)
{
    public async Task<WakeDecision> DecideAsync(
        MonitorRecord record, MonitorMemory memory, TickJudgement judgement, string tickId, DateTimeOffset due,
        CancellationToken cancellationToken)
    {
        MonitorDefinition monitor = record.Definition;
        if (monitor.Agent is null || WhyOf(monitor, memory, judgement) is not { } why)
        {
            return new WakeDecision();
        }

        bool isBusy = memory.LastRun is { } last
            && await runs.FindAsync(last, cancellationToken).ConfigureAwait(false) is { IsEnded: false };
        if (isBusy && monitor.Overlap != OverlapPolicy.CancelOld)
        {
            return new WakeDecision(
                Note: $"not woken: run {memory.LastRun} is still going", Queued: monitor.Overlap == OverlapPolicy.Queue
                    ? why
                    : null);
        }

        if (await spending.GrantAsync(record, tickId, monitor.Deadline, cancellationToken)
            .ConfigureAwait(false) is not { } budget)
        {
            return new WakeDecision(Note: "not woken: the budget of the day is used up");
        }

        MonitorNotes notes = await monitors.GetNotesAsync(record, cancellationToken).ConfigureAwait(false);
        string goal = TickGoal.Write(monitor, why, judgement.Signals, judgement.Incidents.Values, notes, due);
        return new WakeDecision(new WakeOrder(goal, budget, isBusy ? memory.LastRun : null));
    }

    /// <summary>Starts the run. Under the tick's id, so that a repetition finds the same run.</summary>
    /// <returns>The run, or the refusal, which a repetition would not change.</returns>
    public async Task<(string? Run, AgentException? Refusal)> WakeAsync(MonitorRecord record, string tickId, WakeOrder order,
        CancellationToken cancellationToken)
    {
        MonitorDefinition monitor = record.Definition;
        var request = new RunRequest
        {
            Agent = monitor.Agent,
            Goal = order.Goal,
            Budget = order.Budget,
            Labels = LabelsOf(monitor, "tick", tickId),
        };
        Run run;
        try
        {
            run = await gateway.SubmitAsync(request, MonitorCaller.Of(monitor.Name), tickId, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException e) when (!e.IsTransient)
        {
            return (null, e);
        }

        await spending.BindAsync(record, tickId, run.Id, cancellationToken).ConfigureAwait(false);
        if (order.Cancel is { } old)
        {
            // Not before: where the new one is refused, the old one goes on.
            await CancelAsync(old, monitor, cancellationToken).ConfigureAwait(false);
        }

        return (run.Id, null);
    }

    internal static Dictionary<string, string> LabelsOf(MonitorDefinition monitor, string name, string value) =>
        new(monitor.Labels) { ["monitor"] = monitor.Name, [name] = value };

    private static string? WhyOf(MonitorDefinition monitor, MonitorMemory memory, TickJudgement judgement)
    {
        string[] causes =
        [
            .. monitor.Signals.Count == 0 ? ["it is time."] : Array.Empty<string>(),
            .. monitor.Response is null
                ? judgement.Openings.Select(opening => $"incident {opening.IncidentId}: {opening.Text}.")
                : [],
            .. judgement.Changed.Select(name => $"{name} is not as before."),
            .. memory.Queued is { } queued ? [queued] : Array.Empty<string>(),
        ];
        string why = string.Join(' ', causes.Distinct(StringComparer.Ordinal));
        return why.Length == 0 ? null : TextCut.Shorten(why, 2_000);
    }

    private async Task CancelAsync(string run, MonitorDefinition monitor, CancellationToken cancellationToken)
    {
        try
        {
            await steering.CancelAsync(run, $"monitor:{monitor.Name}", "A later tick takes over.", cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code is ErrorCode.RunStateForbids or ErrorCode.RunNotFound)
        {
            // It has ended meanwhile.
        }
    }
}
