using AgentFunctions.Budgets;
using AgentFunctions.Runs;

namespace AgentFunctions.Views;

/// <summary>Represents a run with its tree of sub-agents.</summary>
/// <param name="Run">The run. Its own numbers include those of its sub-agents that have ended.</param>
/// <param name="Name">What the run that asked for it calls it; <see langword="null"/> for the agent's name.</param>
/// <param name="Children">
/// Its sub-agents, in the order in which they were asked for; those that wait for their turn are queued.
/// </param>
public sealed record RunTree(Run Run, string? Name, IReadOnlyList<RunTree> Children)
{
    /// <summary>Gets the steps of the branch up to now, those of sub-agents at work included.</summary>
    public int Steps => Run.Steps + AtWork.Sum(static child => child.Steps);

    /// <summary>Gets what the model calls of the branch consumed up to now.</summary>
    public TokenUsage Usage => AtWork.Aggregate(Run.Usage, static (sum, child) => sum.Plus(child.Usage));

    /// <summary>Gets the longest chain of steps of the branch up to now.</summary>
    public int CriticalSteps => Math.Max(
        Run.CriticalSteps, Run.SubAgents.AskedAt + AtWork.Select(static child => child.CriticalSteps).DefaultIfEmpty().Max());

    private IEnumerable<RunTree> AtWork => Run.IsEnded ? [] : Children.Where(static child => !child.Run.IsEnded);
}
