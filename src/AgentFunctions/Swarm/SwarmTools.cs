using AgentFunctions.Agents;
using AgentFunctions.Tools;

namespace AgentFunctions.Swarm;

/// <summary>The tools by which agents delegate: which ones an agent has, its definition says.</summary>
internal sealed class SwarmTools : IToolSource
{
    private static readonly Dictionary<Delegation, IReadOnlyList<AgentTool>> Contracts = new()
    {
        [Delegation.Native] = NativeTools.Create(),
        [Delegation.Kimi] = KimiTools.Create(),
        [Delegation.Claude] = ClaudeTools.Create(),
    };

    public Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken) =>
        Task.FromResult(Contracts.GetValueOrDefault(agent.Delegation, []));
}
