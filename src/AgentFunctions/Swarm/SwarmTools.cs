using AgentFunctions.Agents;
using AgentFunctions.Models;
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

    /// <summary>The definition with its contract settled: the one that its model was trained on, where it is left to the host.</summary>
    public static AgentDefinition Resolve(AgentDefinition agent, ModelProfile model) => agent.Delegation == Delegation.Auto
        ? agent with { Delegation = model.Provider == "moonshot" ? Delegation.Kimi : Delegation.Native }
        : agent;

    /// <summary>Whether a tool is one of a contract's.</summary>
    public static bool IsOf(Delegation delegation, string tool) => Contracts.GetValueOrDefault(delegation, []).Any(own => own.Name == tool);

    public Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken) =>
        Task.FromResult(Contracts.GetValueOrDefault(agent.Delegation, []));
}
