namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Represents the agents of a host that were made durable, by name.</summary>
internal sealed class DurableAgentSet(IEnumerable<DurableAgentEntry> entries, IServiceProvider services)
{
    private readonly Lazy<IReadOnlyDictionary<string, DurableAgent>> _agents = new(() => Plan(entries, services));

    /// <summary>Gets the agents.</summary>
    public IReadOnlyDictionary<string, DurableAgent> Agents => _agents.Value;

    /// <summary>Gets the agent that an entry became.</summary>
    public DurableAgent Of(DurableAgentEntry entry) => entry.Of(services);

    private static Dictionary<string, DurableAgent> Plan(IEnumerable<DurableAgentEntry> entries, IServiceProvider services)
    {
        var agents = new Dictionary<string, DurableAgent>(StringComparer.Ordinal);
        foreach (DurableAgentEntry entry in entries)
        {
            DurableAgent agent = entry.Of(services);
            if (!agents.TryAdd(agent.Plan.Name, agent))
            {
                throw AgentPlanner.Refuse(agent.Plan.Name, "two agents have this name; set Name of the options of one of them.");
            }
        }

        return agents;
    }
}
