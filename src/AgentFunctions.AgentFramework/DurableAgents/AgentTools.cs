using AgentFunctions.Agents;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>
/// Provides the functions of agents of Agent Framework as tools: to each agent its own, so that two may have tools of one name.
/// </summary>
internal sealed class AgentTools(DurableAgentSet agents, AgentSessions sessions) : IToolSource
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken)
    {
        if (!agents.Agents.TryGetValue(agent.Name, out DurableAgent? durable))
        {
            return [];
        }

        ProbedTools probed = await durable.ProbeAsync(cancellationToken).ConfigureAwait(false);
        return [.. probed.Functions.Select(function => ToolOf(durable, function))];
    }

    private AgentTool ToolOf(DurableAgent agent, AIFunction function) =>
        new(new DurableFunction(agent, function, sessions), ToolEffects.Of(function, agent.Options))
        {
            Group = agent.Plan.Group,
            IsOptIn = true,
            Timeout = agent.Options.ToolTimeout,
            AsksPerson = function.GetService<ApprovalRequiredAIFunction>() is not null,
            Reconcile = agent.Options.Terms.GetValueOrDefault(function.Name)?.Reconcile,
        };
}
