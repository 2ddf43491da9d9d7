using AgentFunctions.Agents;
using AgentFunctions.Tools;

namespace AgentFunctions.Testing;

/// <summary>A source of tools, with a watch around each.</summary>
internal sealed class WatchedSource(IToolSource inner, Func<AgentTool, AgentTool> watch) : IToolSource
{
    public async Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken) =>
        [.. (await inner.ListAsync(agent, cancellationToken).ConfigureAwait(false)).Select(watch)];

    public async Task<AgentTool?> FindAsync(AgentDefinition agent, string name, CancellationToken cancellationToken) =>
        await inner.FindAsync(agent, name, cancellationToken).ConfigureAwait(false) is { } tool ? watch(tool) : null;

    public async Task<ToolOffer> OfferAsync(AgentDefinition agent, TimeSpan patience, CancellationToken cancellationToken)
    {
        ToolOffer offer = await inner.OfferAsync(agent, patience, cancellationToken).ConfigureAwait(false);
        return offer with { Tools = [.. offer.Tools.Select(watch)] };
    }
}
