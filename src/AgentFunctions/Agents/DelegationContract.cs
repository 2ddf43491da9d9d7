namespace AgentFunctions.Agents;

/// <summary>The tools by which an agent delegates, as the models know them.</summary>
internal static class DelegationContract
{
    /// <summary>Settles the contract of an agent that leaves it to the host: the one that its model was trained on.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="provider">The provider of its model.</param>
    public static AgentDefinition Resolve(AgentDefinition agent, string provider) => agent.Delegation == Delegation.Auto
        ? agent with { Delegation = provider == "moonshot" ? Delegation.Kimi : Delegation.Native }
        : agent;
}
