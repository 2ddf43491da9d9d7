using AgentFunctions.Durability;
using AgentFunctions.Monitors.Schedules;

namespace AgentFunctions.Monitors.Orchestration;

/// <summary>
/// The eternal heart of a monitor: waits for the next tick on a durable timer, runs it, and again. One tick at a time. What
/// is due is worked out in a step, since time zones are the host's; a plan lasts for one execution.
/// </summary>
internal sealed class MonitorLoop
{
    /// <summary>The name of the orchestrator.</summary>
    public const string Name = MonitorOrchestratorNames.Monitor;

    /// <summary>After so many ticks the monitor continues as new: a tick is about six events.</summary>
    public const int TicksPerExecution = 32;

    /// <summary>How long to wait when the plan could not be made.</summary>
    private static readonly TimeSpan PlanAgainAfter = TimeSpan.FromMinutes(1);

    private readonly IOrchestrationContext _context;
    private readonly Task<string> _changed;
    private Task<ManualTick> _asked;
    private MonitorState _state;
    private int _ticks;

    private MonitorLoop(IOrchestrationContext context, MonitorState state)
    {
        _context = context;
        _state = state;
        _changed = context.WaitForExternalEventAsync<string>(MonitorEvents.Changed);
        _asked = context.WaitForExternalEventAsync<ManualTick>(MonitorEvents.Run);
    }

    private enum Cause
    {
        Time,
        Changed,
        Asked,
    }

    /// <summary>The instance id of a monitor's loop.</summary>
    public static string InstanceIdOf(MonitorRecord monitor) => monitor.Loop ?? OfName(monitor.Definition.Name);

    /// <summary>What the monitor of a loop is remembered under.</summary>
    public static string KeyOf(string monitor, string instanceId) => instanceId == OfName(monitor) ? monitor : instanceId;

    /// <summary>Runs the loop; true where the monitor is gone, false where it continues as new.</summary>
    public static async Task<bool> RunAsync(IOrchestrationContext context, MonitorState state)
    {
        var loop = new MonitorLoop(context, state);
        if (!await loop.RunAsync())
        {
            return true;
        }

        await loop.RunAskedAsync();
        context.ContinueAsNew(loop._state);
        return false;
    }

    private static string OfName(string monitor) => $"monitor-{monitor}";

    /// <summary>One plan's worth of ticks; false where the monitor is gone.</summary>
    private async Task<bool> RunAsync()
    {
        MonitorPlan? made = await PlanAsync();
        if (made is { Exists: false })
        {
            return false;
        }

        TickPlan plan = made?.Plan ?? new TickPlan([], [], null);
        Skip(plan.Skipped);
        foreach (PlannedTick tick in plan.Run.Take(TicksPerExecution))
        {
            await TickAsync(tick.Due);
        }

        if (plan.Run.Count >= TicksPerExecution)
        {
            return true;
        }

        foreach (PlannedTick tick in plan.Upcoming)
        {
            _context.SetCustomStatus(new MonitorProgress(tick.Due));
            if (await WaitAsync(tick.StartAt) == Cause.Changed || _context.CurrentTime - tick.StartAt > made!.Grace)
            {
                return true;
            }

            await TickAsync(tick.Due);
            if (_ticks >= TicksPerExecution)
            {
                return true;
            }
        }

        if (plan.Run.Count == 0 && plan.Upcoming.Count == 0)
        {
            _context.SetCustomStatus(new MonitorProgress(null));
            await WaitAsync(made is null ? _context.CurrentTime + PlanAgainAfter : null);
        }

        return true;
    }

    /// <summary>What is due; <see langword="null"/> if that could not be worked out for now.</summary>
    private async Task<MonitorPlan?> PlanAsync()
    {
        try
        {
            return await _context.CallActivityAsync<MonitorPlan>(
                MonitorStepNames.PlanTicks, new PlanTicksInput(_state.Monitor, _state.LastDue), MonitorSteps.Options);
        }
        catch (TaskFailedException)
        {
            return null;
        }
    }

    /// <summary>Waits until a moment, or for ever, running what people ask for meanwhile.</summary>
    private async Task<Cause> WaitAsync(DateTimeOffset? until)
    {
        using var over = new CancellationTokenSource();
        Task timer = until is { } moment ? _context.CreateTimerAsync(moment, over.Token) : new TaskCompletionSource().Task;
        Cause cause;
        do
        {
            await Task.WhenAny(_asked, _changed, timer);
            cause = _asked.IsCompleted ? Cause.Asked : _changed.IsCompleted ? Cause.Changed : Cause.Time;
            await RunAskedAsync();
        }
        while (cause == Cause.Asked);
        if (!timer.IsCompleted)
        {
            // Not CancelAsync: it would leave the orchestration's thread.
            over.Cancel();
        }

        return cause;
    }

    /// <summary>Runs the ticks that people have asked for.</summary>
    private async Task RunAskedAsync()
    {
        while (_asked.IsCompleted)
        {
            ManualTick asked = await _asked;
            _asked = _context.WaitForExternalEventAsync<ManualTick>(MonitorEvents.Run);
            await TickAsync(asked.Due, true);
        }
    }

    private async Task TickAsync(DateTimeOffset due, bool isManual = false)
    {
        _ticks++;
        SkippedTicks? skipped = _state.Skipped;
        string? failure = null;
        try
        {
            await _context.CallActivityAsync<RunTickResult>(
                MonitorStepNames.RunTick, new RunTickInput(_state.Monitor, due, isManual, skipped), MonitorSteps.Options);
            _state = _state with { Skipped = null };
        }
        catch (TaskFailedException e)
        {
            failure = $"failed: {e.Failure.Cause().Message}";
        }

        if (!isManual)
        {
            _state = _state with { LastDue = due };
        }

        if (failure is not null)
        {
            Skip(new SkippedTicks(1, due, due, failure));
        }
    }

    /// <summary>Keeps ticks that were left out for the next one's record.</summary>
    private void Skip(SkippedTicks? more)
    {
        if (more is not null)
        {
            SkippedTicks? before = _state.Skipped;
            _state = _state with
            {
                Skipped = before is null ? more : more with { Count = before.Count + more.Count, First = before.First },
                LastDue = _state.LastDue > more.Last ? _state.LastDue : more.Last,
            };
        }
    }
}
