using AgentFunctions.AgentFramework.AIAgents;
using Microsoft.Agents.AI;

namespace AgentFunctions.AgentFramework;

/// <summary>Provides extensions of <see cref="AIAgent"/> for durable agents.</summary>
public static class DurableAIAgentExtensions
{
    /// <summary>
    /// Gets the same agent for work that its caller repeats as a whole after a crash, such as a workflow: the same messages in
    /// the same scope are the same run.
    /// </summary>
    /// <param name="agent">A durable agent.</param>
    /// <param name="scope">What names the work, for instance the session id of the workflow.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the agent is not durable.</exception>
    public static AIAgent Scoped(this AIAgent agent, string scope)
    {
        ArgumentNullException.ThrowIfNull(agent);
        ArgumentException.ThrowIfNullOrWhiteSpace(scope);
        return agent.GetService<DurableAIAgent>()?.Within(scope)
            ?? throw new AgentException(
                ErrorCode.InvalidInput,
                $"agent '{agent.Name}' is not durable; take it from the services of a host with AddAgentFunctionsAsAIAgents.");
    }
}
