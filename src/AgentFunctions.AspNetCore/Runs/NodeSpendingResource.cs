using AgentFunctions.Budgets;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What a part of a run tree spent.</summary>
/// <param name="Steps">Model calls and tool calls.</param>
/// <param name="Usd">US dollars.</param>
/// <param name="Tokens">Tokens, in and out together.</param>
internal sealed record NodeSpendingResource(int Steps, decimal Usd, long Tokens)
{
    public static NodeSpendingResource Of(int steps, TokenUsage usage) =>
        new(steps, usage.Usd, usage.InputTokens + usage.OutputTokens);

    /// <summary>What is left without a branch; never below zero, because a branch may report its last numbers later.</summary>
    public NodeSpendingResource Without(RunTree branch)
    {
        NodeSpendingResource other = Of(branch.Steps, branch.Usage);
        return new(Math.Max(0, Steps - other.Steps), Math.Max(0, Usd - other.Usd), Math.Max(0, Tokens - other.Tokens));
    }
}
