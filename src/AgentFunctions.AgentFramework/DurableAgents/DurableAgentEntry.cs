using Microsoft.Agents.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Represents one registration of an agent that is to be durable.</summary>
/// <param name="agent">Makes the agent, once.</param>
/// <param name="options">What its team said about it.</param>
internal sealed class DurableAgentEntry(Func<IServiceProvider, AIAgent> agent, DurableAgentOptions options)
{
    private readonly Lock _gate = new();
    private DurableAgent? _planned;

    /// <summary>Gets the agent as it was planned.</summary>
    public DurableAgent Of(IServiceProvider services)
    {
        lock (_gate)
        {
            return _planned ??= new DurableAgent(AgentPlanner.Plan(agent(services), options), options);
        }
    }
}
