namespace AgentFunctions.Monitors.Schedules;

/// <summary>A tick to come.</summary>
/// <param name="Due">When it is due (UTC); its id follows from this.</param>
/// <param name="StartAt">When it starts: later by its jitter.</param>
internal sealed record PlannedTick(DateTimeOffset Due, DateTimeOffset StartAt);

/// <summary>Ticks that were left out.</summary>
/// <param name="Count">The number.</param>
/// <param name="First">The first one's due time (UTC).</param>
/// <param name="Last">The last one's due time (UTC).</param>
/// <param name="Reason">Why, in words.</param>
internal sealed record SkippedTicks(int Count, DateTimeOffset First, DateTimeOffset Last, string Reason);

/// <summary>What a monitor is to do next, as its schedule and its misfire policy have it.</summary>
/// <param name="Run">The ticks to run now, in order.</param>
/// <param name="Upcoming">The ticks to wait for, in order; empty where the schedule has come to its end.</param>
/// <param name="Skipped">The ticks that the misfire policy leaves out.</param>
internal sealed record TickPlan(IReadOnlyList<PlannedTick> Run, IReadOnlyList<PlannedTick> Upcoming, SkippedTicks? Skipped);
