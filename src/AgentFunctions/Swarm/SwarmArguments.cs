using AgentFunctions.Agents;

namespace AgentFunctions.Swarm;

/// <summary>What must hold for the arguments of calls that concern sub-agents.</summary>
internal static class SwarmArguments
{
    public static void RequireText(string text, string field, int most)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > most)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"{field}: use 1 to {most} characters.");
        }
    }

    /// <summary>Finds an agent of this host; the complaint lists those that there are, with what they are good for.</summary>
    public static AgentDefinition Find(AgentCatalog agents, string name, string field) =>
        agents.Agents.FirstOrDefault(agent => agent.Name == name)
        ?? throw new AgentException(
            ErrorCode.SubAgentNotFound,
            $"{field}: there is no agent '{name}'; use one of: {string.Join("; ", agents.Agents.Select(static agent => $"{agent.Name} ({agent.Description})"))}.");
}
