using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Stands in for the agent where code of Agent Framework asks which agent is at work (<see cref="AIAgent.CurrentRunContext"/>).</summary>
internal sealed class RunScope(AIAgent agent) : DelegatingAIAgent(agent)
{
    /// <summary>Says that an agent is at work, until the asynchronous method that calls this returns.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="session">Its session.</param>
    /// <param name="messages">What it was sent.</param>
    public static void Enter(AIAgent agent, AgentSession session, IReadOnlyCollection<ChatMessage> messages) =>
        CurrentRunContext = new AgentRunContext(agent, session, messages, null);
}
