using AgentFunctions.Agents;
using AgentFunctions.Storage;
using AgentFunctions.Tools;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>Provides the turns of opaque agents as tools, to each agent its own.</summary>
internal sealed class OpaqueTools(IEnumerable<OpaqueAgent> agents, IServiceProvider services, IRecordStore records) : IToolSource
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AgentTool>>([.. agents.Select(one => one.Of(services))
            .Where(plan => plan.Definition.Name == agent.Name)
            .SelectMany(plan => new TurnTool(plan, new OpaqueTurns(plan, records)).Create())]);
}
