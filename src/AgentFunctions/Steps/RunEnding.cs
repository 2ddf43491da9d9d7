using AgentFunctions.Budgets;
using AgentFunctions.Loop;
using AgentFunctions.Runs.Index;

namespace AgentFunctions.Steps;

/// <summary>Says of the end of a run what the index keeps.</summary>
internal static class RunEnding
{
    /// <summary>What the index keeps of an outcome.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="at">When the run ended (UTC).</param>
    public static IndexedEnd Of(RunOutcome outcome, DateTimeOffset at)
    {
        RunState state = outcome.State;
        Budget granted = state.Limits.Budget;
        return new IndexedEnd
        {
            Status = outcome.Status,
            At = at.UtcTicks,
            Turns = state.Turns,
            Steps = state.Steps,
            CriticalSteps = state.CriticalSteps,
            InputTokens = state.Usage.InputTokens,
            OutputTokens = state.Usage.OutputTokens,
            CachedTokens = state.Usage.CachedTokens,
            Usd = state.Usage.Usd,
            SubAgents = state.Swarm is { } swarm ? swarm.Started + swarm.Descendants : 0,
            WallClock = (state.Elapsed(at) ?? TimeSpan.Zero).Ticks,
            Granted = [granted.Steps, granted.Tokens, granted.Usd, granted.WallClock?.Ticks, granted.SubAgents],
            Code = outcome.Code,
            Message = outcome.Message,
        };
    }
}
