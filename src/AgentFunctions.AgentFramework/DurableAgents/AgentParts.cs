using System.Reflection;
using Microsoft.Agents.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Takes an agent apart: its decorators, the outermost first, and what they decorate.</summary>
/// <param name="Decorators">The decorators.</param>
/// <param name="Innermost">The agent within.</param>
internal sealed record AgentParts(IReadOnlyList<AIAgent> Decorators, AIAgent Innermost)
{
    private static readonly PropertyInfo Inner = typeof(DelegatingAIAgent)
        .GetProperty("InnerAgent", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
        ?? throw new MissingMemberException(nameof(DelegatingAIAgent), "InnerAgent");

    /// <summary>Takes an agent apart.</summary>
    public static AgentParts Of(AIAgent agent)
    {
        var decorators = new List<AIAgent>();
        while (agent is DelegatingAIAgent)
        {
            decorators.Add(agent);
            agent = (AIAgent)Inner.GetValue(agent)!;
        }

        return new AgentParts(decorators, agent);
    }
}
