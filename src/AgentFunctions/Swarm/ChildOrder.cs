using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Runs;

namespace AgentFunctions.Swarm;

/// <summary>Sub-agents that a call asks for.</summary>
/// <param name="Agent">What they are.</param>
/// <param name="Count">The number.</param>
internal sealed record ChildOrder(AgentDefinition Agent, int Count)
{
    /// <summary>Gets what each is to reach, by its number from 0.</summary>
    public required Func<int, string> GoalOf { get; init; }

    /// <summary>Gets whether the one sub-agent's result is the outcome of the call.</summary>
    public bool IsAnswer { get; init; }

    /// <summary>Gets what the lead calls it; <see langword="null"/> for the agent's name.</summary>
    public string? As { get; init; }

    /// <summary>Gets the number of the first among those that the call asks for.</summary>
    public int FirstItem { get; init; }

    /// <summary>Gets what each may spend at the most; <see langword="null"/> for its share.</summary>
    public Budget? Ask { get; init; }

    /// <summary>Gets how large a share each gets.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Gets how urgent they are; never more than their lead.</summary>
    public RunPriority Priority { get; init; } = RunPriority.High;
}
