using AgentFunctions.Agents;

namespace AgentFunctions.Tools;

/// <summary>
/// Tools that the host does not know at its start and that may change while it runs: those of a tool server, or of an API
/// description. Consulted next to the host's own tools; safe for concurrent use.
/// </summary>
public interface IToolSource
{
    /// <summary>The tools that an agent may choose from. Asked when a run is admitted, which pins what it selects.</summary>
    /// <param name="agent">The agent; a source may spare itself work that its <see cref="AgentDefinition.Tools"/> do not need.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: tools that the agent names cannot be learned at present.
    /// </exception>
    Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken);

    /// <summary>The present tool of a name, or <see langword="null"/> if this source has none. Asked before every call.</summary>
    /// <param name="agent">The agent that calls.</param>
    /// <param name="name">The tool's name.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: the name is this source's, and it cannot be reached at present.
    /// </exception>
    async Task<AgentTool?> FindAsync(AgentDefinition agent, string name, CancellationToken cancellationToken) =>
        (await ListAsync(agent, cancellationToken).ConfigureAwait(false)).FirstOrDefault(tool => tool.Name == name);

    /// <summary>
    /// Gets the tools that an agent may choose from and that can be had within a short time. What is missing is named, with the reason,
    /// and is no error: a run starts without it, and gets it when it comes.
    /// </summary>
    /// <param name="agent">The agent.</param>
    /// <param name="patience">How long to wait for one that is not there yet.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    async Task<ToolOffer> OfferAsync(AgentDefinition agent, TimeSpan patience, CancellationToken cancellationToken) =>
        new(await ListAsync(agent, cancellationToken).ConfigureAwait(false));
}
