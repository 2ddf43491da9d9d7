using System.Text;
using System.Text.RegularExpressions;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Schedules;
using AgentFunctions.Monitors.Signals;

namespace AgentFunctions.Monitors;

/// <summary>What must hold for a monitor; the field of each complaint is spelt as in its JSON.</summary>
internal static class MonitorDefinitionRules
{
    private const int MaxSignals = 50;

    private const int MaxGoalBytes = 8 * 1024;

    public static void Check(MonitorDefinition monitor)
    {
        Require(IsName(monitor.Name), "name", "use 1 to 64 lower-case letters, digits and '-'");
        CheckSchedule(monitor.Schedule);
        Require(monitor.Jitter >= TimeSpan.Zero && monitor.Jitter <= TimeSpan.FromDays(1), "jitter", "use zero to one day");
        Require(monitor.Misfire.Bound is >= 1 and <= 10_000, "misfire.bound", "use 1 to 10,000");
        Require(monitor.Misfire.Grace >= TimeSpan.FromSeconds(1), "misfire.grace", "use at least one second");
        Require(monitor.Deadline >= TimeSpan.FromSeconds(1), "deadline", "use at least one second");
        Require(monitor.Memory.Samples is >= 1 and <= 500, "memory.samples", "use 1 to 500");
        Require(monitor.Memory.Notes is >= 1 and <= 200, "memory.notes", "use 1 to 200");
        monitor.Budget.Tick?.Validate("budget.tick");
        monitor.Budget.Day?.Validate("budget.day");
        CheckAgent(monitor);
        Require(monitor.Signals.Count <= MaxSignals, "signals", $"use at most {MaxSignals}");
        for (int i = 0; i < monitor.Signals.Count; i++)
        {
            SignalRules.Check(monitor.Signals[i], $"signals[{i}]");
        }

        string? twice = monitor.Signals.GroupBy(signal => signal.Name, StringComparer.Ordinal)
            .FirstOrDefault(name => name.Count() > 1)?.Key;
        Require(twice is null, "signals", $"two are called '{twice}'; rename one");
        CheckIncidents(monitor);
    }

    internal static bool IsName(string? name) =>
        name is { Length: > 0 and <= 64 } && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    internal static void Require(bool condition, string field, string remedy)
    {
        if (!condition)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{field}: {remedy}.");
        }
    }

    internal static void RequirePattern(string? pattern, string field)
    {
        try
        {
            _ = pattern is null ? null : new Regex(pattern, RegexOptions.CultureInvariant);
        }
        catch (ArgumentException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{field}: no regular expression: {e.Message}", e);
        }
    }

    private static void CheckSchedule(MonitorSchedule schedule)
    {
        int set = (schedule.Cron is null ? 0 : 1) + (schedule.Every is null ? 0 : 1) + (schedule.At is null ? 0 : 1);
        Require(set == 1, "schedule", "set exactly one of cron, every and at");
        Require(schedule.Every is null || schedule.Every >= TimeSpan.FromSeconds(1), "schedule.every", "use at least one second");
        Require(
            schedule.TimeZone is null || TimeZoneInfo.TryFindSystemTimeZoneById(schedule.TimeZone, out _),
            "schedule.timeZone", $"this host knows no time zone '{schedule.TimeZone}'; use an IANA name such as Europe/Berlin");
        if (schedule.Cron is { } cron)
        {
            CronExpression.Parse(cron);
        }

        Require(
            schedule.Cron is null || DueTimes.Of(schedule).Next(DateTimeOffset.UnixEpoch) is not null, "schedule.cron",
            "it is never due; name a date that exists");
    }

    private static void CheckAgent(MonitorDefinition monitor)
    {
        Require(monitor.Agent is null or { Length: > 0 and <= 64 }, "agent", "name one of the host's agents, or leave it out");
        Require(monitor.Agent is null || !string.IsNullOrWhiteSpace(monitor.Goal), "goal", "say what the woken agent is to do");
        Require(Encoding.UTF8.GetByteCount(monitor.Goal ?? "") <= MaxGoalBytes, "goal", "use at most 8 KiB");
        Require(
            monitor.Agent is not null || monitor.Signals.Count > 0, "signals",
            "without an agent to wake, name at least one signal");
        Require(monitor.Labels.Count <= 30, "labels", "use at most 30");
        if (monitor.Response is { } response)
        {
            Require((response.Agent ?? monitor.Agent) is not null, "response.agent", "name the agent that responds");
            Require(response.Deadline >= TimeSpan.FromSeconds(1), "response.deadline", "use at least one second");
            Require(response.VerifyWithin > TimeSpan.Zero, "response.verifyWithin", "use a time span above zero");
            Require(Encoding.UTF8.GetByteCount(response.Runbook) <= 64 * 1024, "response.runbook", "use at most 64 KiB");
            _ = Responses.Runbook.Parse(response.Runbook);
        }
    }

    private static void CheckIncidents(MonitorDefinition monitor)
    {
        IncidentRules rules = monitor.Incidents;
        Require(rules.OpenAfter is >= 1 and <= 1_000, "incidents.openAfter", "use 1 to 1,000");
        Require(rules.ResolveAfter is >= 1 and <= 1_000, "incidents.resolveAfter", "use 1 to 1,000");
        Require(rules.ReopenWithin >= TimeSpan.Zero, "incidents.reopenWithin", "use zero or more");
        Require(rules.FlapsAfter is >= 2 and <= 32, "incidents.flapsAfter", "use 2 to 32");
        for (int i = 0; i < rules.Priorities.Count; i++)
        {
            Require(rules.Priorities[i].Priority is >= 1 and <= 5, $"incidents.priorities[{i}].priority", "use 1 to 5");
        }

        for (int i = 0; i < monitor.Escalation.Count; i++)
        {
            EscalationStep step = monitor.Escalation[i];
            Require(step.After >= TimeSpan.Zero, $"escalation[{i}].after", "use zero or more");
            Require(step.Notify.Count is >= 1 and <= 20, $"escalation[{i}].notify", "name 1 to 20 channels");
            Require(
                step.RemindEvery is null || step.RemindEvery >= TimeSpan.FromSeconds(1), $"escalation[{i}].remindEvery",
                "use at least one second");
        }
    }
}
