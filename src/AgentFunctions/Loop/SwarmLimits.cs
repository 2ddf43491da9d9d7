namespace AgentFunctions.Loop;

/// <summary>What a run that may delegate is held to.</summary>
/// <param name="SubAgents">The most sub-agents of the tree, where the run's budget does not say.</param>
/// <param name="Concurrent">The most sub-agents at work at a time, those of sub-agents included.</param>
/// <param name="Depth">How many levels of sub-agents there may be below the run.</param>
/// <param name="ChildSteps">The most steps of one sub-agent, those of its own sub-agents included.</param>
/// <param name="ChildTime">The longest time of one sub-agent.</param>
/// <param name="StepTimeout">How long a sub-agent may be without a step before it counts as stuck.</param>
/// <param name="ResultBytes">The most bytes (UTF-8) of a sub-agent's result that its lead is shown at once.</param>
internal sealed record SwarmLimits(
    int SubAgents, int Concurrent, int Depth, int ChildSteps, TimeSpan ChildTime, TimeSpan StepTimeout, int ResultBytes);
