using AgentFunctions.Durability;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Schedules;

namespace AgentFunctions.Monitors.Ticks;

/// <summary>
/// Works out what a monitor is to do next. The loop of a monitor that is gone ends; what the deletion left, or what was written
/// after it, goes with it.
/// </summary>
internal sealed class PlanTicksActivity(MonitorStore monitors, TimeProvider time)
{
    public async Task<MonitorPlan> RunAsync(ActivityContext context, PlanTicksInput input)
    {
        if (await monitors.FindAsync(input.Monitor, context.CancellationToken).ConfigureAwait(false) is not var (record, _)
            || MonitorLoop.InstanceIdOf(record) != context.InstanceId)
        {
            await monitors.ForgetAsync(MonitorLoop.KeyOf(input.Monitor, context.InstanceId), context.CancellationToken)
                .ConfigureAwait(false);
            return new MonitorPlan(false, new TickPlan([], [], null), default);
        }

        return new MonitorPlan(true, PlanOf(record, input.LastDue, time.GetUtcNow()), record.Definition.Misfire.Grace);
    }

    private static TickPlan PlanOf(MonitorRecord record, DateTimeOffset? lastDue, DateTimeOffset now)
    {
        DateTimeOffset after = lastDue > record.ActiveFrom ? lastDue.Value : record.ActiveFrom;
        return record.PausedAt is null
            ? TickPlanner.Plan(record.Definition, after, now, MonitorLoop.TicksPerExecution)
            : new TickPlan([], [], null);
    }
}
