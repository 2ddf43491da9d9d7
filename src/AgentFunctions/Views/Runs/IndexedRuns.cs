using AgentFunctions.Budgets;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;

namespace AgentFunctions.Views.Runs;

/// <summary>Translates between runs as they are shown and what the index keeps of those that have ended.</summary>
internal static class IndexedRuns
{
    /// <summary>What the index keeps of a run that has ended.</summary>
    public static IndexedEnd EndOf(Run run) => new()
    {
        Status = run.Status,
        At = run.UpdatedAt.UtcTicks,
        Turns = run.Turns,
        Steps = run.Steps,
        CriticalSteps = run.CriticalSteps,
        InputTokens = run.Usage.InputTokens,
        OutputTokens = run.Usage.OutputTokens,
        CachedTokens = run.Usage.CachedTokens,
        Usd = run.Usage.Usd,
        SubAgents = run.SubAgents.Total,
        WallClock = run.Budget?.Spent.WallClock?.Ticks,
        Granted = run.Budget is { } budget ? Parts(budget.Granted) : null,
        Code = run.Error?.Code,
        Message = run.Error?.Message,
    };

    /// <summary>The run as its orchestration would tell it.</summary>
    public static Run ToRun(this IndexedEnd end, RunRecord record)
    {
        var at = new DateTimeOffset(end.At, TimeSpan.Zero);
        var usage = new TokenUsage(end.InputTokens, end.OutputTokens, end.CachedTokens, end.Usd);
        return Run.Of(record) with
        {
            Status = end.Status,
            UpdatedAt = at,
            CompletedAt = at,
            Turns = end.Turns,
            Steps = end.Steps,
            CriticalSteps = end.CriticalSteps,
            Usage = usage,
            SubAgents = new RunSubAgents(end.SubAgents, 0),
            Budget = end is { Granted: { } granted, WallClock: { } wallClock }
                ? RunBudget.Of(Parts(granted), end.Steps, usage, TimeSpan.FromTicks(wallClock), end.SubAgents)
                : null,
            Error = end.Code is { } code ? new RunError(code, end.Message ?? code) : null,
        };
    }

    /// <summary>The parts of a budget in their order.</summary>
    public static IReadOnlyList<decimal?> Parts(Budget budget) =>
        [budget.Steps, budget.Tokens, budget.Usd, budget.WallClock?.Ticks, budget.SubAgents];

    private static Budget Parts(IReadOnlyList<decimal?> parts) => new()
    {
        Steps = (int?)parts[0],
        Tokens = (long?)parts[1],
        Usd = parts[2],
        WallClock = parts[3] is { } ticks ? TimeSpan.FromTicks((long)ticks) : null,
        SubAgents = (int?)parts[4],
    };
}
