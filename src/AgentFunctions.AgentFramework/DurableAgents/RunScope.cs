using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>
/// Sets the agent that code of Agent Framework finds as the current one (<see cref="AIAgent.CurrentRunContext"/>).
/// </summary>
/// <remarks>It is never created: only a derived class may set the context.</remarks>
internal sealed class RunScope(AIAgent agent) : DelegatingAIAgent(agent)
{
    /// <summary>Sets the current agent, until the asynchronous method that calls this returns.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="session">Its session.</param>
    /// <param name="messages">What it was sent.</param>
    public static void Enter(AIAgent agent, AgentSession session, IReadOnlyCollection<ChatMessage> messages) =>
        CurrentRunContext = new AgentRunContext(agent, session, messages, null);
}
