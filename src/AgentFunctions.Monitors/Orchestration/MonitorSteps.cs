using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Runs;

namespace AgentFunctions.Monitors.Orchestration;

/// <summary>How the steps of monitors are repeated when they fail. The waits are durable timers.</summary>
internal static class MonitorSteps
{
    /// <summary>Gets a store that cannot be reached, or a host that lost a race for a record.</summary>
    public static TaskOptions Options { get; } = new(
        new RetryPolicy(6, TimeSpan.FromSeconds(1), 2.0, TimeSpan.FromSeconds(30)));

    /// <summary>Gets a receiver that is down: over four hours, on durable timers.</summary>
    public static TaskOptions DeliveryOptions { get; } = new(
        new RetryPolicy(14, TimeSpan.FromSeconds(5), 2.0, TimeSpan.FromHours(1)));
}

/// <summary>All that a monitor carries from one execution to the next.</summary>
/// <param name="Monitor">The monitor.</param>
/// <param name="LastDue">The due time of the last tick that ran or was left out (UTC).</param>
/// <param name="Skipped">Ticks that were left out and are not reported yet.</param>
internal sealed record MonitorState(string Monitor, DateTimeOffset? LastDue = null, SkippedTicks? Skipped = null);

/// <summary>What outsiders see of a monitor's orchestration.</summary>
/// <param name="NextDue">When the next tick is due (UTC); <see langword="null"/> while none is.</param>
internal sealed record MonitorProgress(DateTimeOffset? NextDue);

/// <summary>Work out what is due.</summary>
/// <param name="Monitor">The monitor.</param>
/// <param name="LastDue">The due time of the last tick.</param>
internal sealed record PlanTicksInput(string Monitor, DateTimeOffset? LastDue);

/// <summary>What is due.</summary>
/// <param name="Exists">Whether there still is this monitor, and not another one of its name.</param>
/// <param name="Plan">The ticks; none while the monitor is held.</param>
/// <param name="Grace">How late a tick may start.</param>
internal sealed record MonitorPlan(bool Exists, TickPlan Plan, TimeSpan Grace);

/// <summary>Run one tick.</summary>
/// <param name="Monitor">The monitor.</param>
/// <param name="Due">When it was due (UTC).</param>
/// <param name="IsManual">Whether a person asked for it.</param>
/// <param name="Skipped">Ticks that were left out before it.</param>
internal sealed record RunTickInput(string Monitor, DateTimeOffset Due, bool IsManual = false, SkippedTicks? Skipped = null);

/// <summary>What came of a tick.</summary>
/// <param name="Ran">False where the monitor was held or deleted meanwhile.</param>
internal sealed record RunTickResult(bool Ran);

/// <summary>A person asks for a tick.</summary>
/// <param name="Due">The moment that its id follows from.</param>
internal sealed record ManualTick(DateTimeOffset Due);

/// <summary>The names of the events that monitors and incidents listen to.</summary>
internal static class MonitorEvents
{
    /// <summary>The definition was changed, held, resumed or deleted.</summary>
    public const string Changed = "monitor.changed";

    /// <summary>A person asks for a tick.</summary>
    public const string Run = "monitor.run";

    /// <summary>The state of an incident changed.</summary>
    public const string Incident = "incident";
}

/// <summary>Something happened to an incident.</summary>
/// <param name="State">Where it stands now.</param>
/// <param name="By">Who or what caused it.</param>
internal sealed record IncidentNews(IncidentState State, string By);

/// <summary>All that the watch over one opening of an incident carries from one execution to the next.</summary>
internal sealed record IncidentWatch
{
    public required string IncidentId { get; init; }

    public required int Opening { get; init; }

    public required string Monitor { get; init; }

    public required string Title { get; init; }

    public required Severity Severity { get; init; }

    public required int Priority { get; init; }

    /// <summary>Gets who is told when, the earliest first; pinned when the incident opened.</summary>
    public required IReadOnlyList<EscalationStep> Steps { get; init; }

    /// <summary>Gets when this opening was; <see langword="null"/> before the first turn.</summary>
    public DateTimeOffset? OpenedAt { get; init; }

    /// <summary>Gets how many steps were taken.</summary>
    public int Taken { get; init; }

    /// <summary>Gets when people are reminded next.</summary>
    public DateTimeOffset? RemindAt { get; init; }

    public bool IsAcknowledged { get; init; }

    /// <summary>Gets how many messages there were: the last part of their keys.</summary>
    public int Sequence { get; init; }

    /// <summary>Gets the channels that were told, and are told of the end.</summary>
    public IReadOnlyList<string> Told { get; init; } = [];
}

/// <summary>Tell one channel.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Notification">The message; the same bytes at every attempt.</param>
internal sealed record NotifyIncidentInput(string Channel, Notification Notification);

/// <summary>Keep a message that could not be delivered.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Notification">The message.</param>
/// <param name="Error">Why not.</param>
internal sealed record DeadLetterInput(string Channel, Notification Notification, string Error);

/// <summary>Respond to one opening of an incident.</summary>
/// <param name="Monitor">The monitor.</param>
/// <param name="IncidentId">The incident.</param>
/// <param name="Opening">Which opening.</param>
/// <param name="VerifyWithin">How soon after the response the signals must have recovered.</param>
internal sealed record ResponseRequest(string Monitor, string IncidentId, int Opening, TimeSpan VerifyWithin)
{
    /// <summary>Stands for this response wherever something must happen once.</summary>
    public string Key() => $"{IncidentId}-{Opening}";
}

/// <summary>The run that is to respond.</summary>
/// <param name="RunId">The run; <see langword="null"/> if none was admitted, as the timeline says.</param>
/// <param name="State">How it starts.</param>
internal sealed record StartResponseResult(string? RunId, RunState? State);

/// <summary>Write down how a response went.</summary>
/// <param name="Request">The response.</param>
/// <param name="RunId">The run.</param>
/// <param name="Status">For its end: how it ended.</param>
/// <param name="Verified">For its verification: whether the signals recovered.</param>
internal sealed record RecordResponseInput(ResponseRequest Request, string RunId, RunStatus? Status = null,
    bool? Verified = null);
