using AgentFunctions.Agents;

namespace AgentFunctions.Tools;

/// <summary>
/// Provides tools that may change while the host runs, such as those of a tool server or of an API description. Safe for
/// concurrent use.
/// </summary>
public interface IToolSource
{
    /// <summary>
    /// Lists the tools that an agent may choose from. It is called when a run is admitted, which pins what it selects.
    /// </summary>
    /// <param name="agent">
    /// The agent; a source may spare itself work that its <see cref="AgentDefinition.Tools"/> do not need.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: tools that the agent names cannot be learned at present.
    /// </exception>
    Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken);

    /// <summary>
    /// Finds the present tool of a name; <see langword="null"/> if this source has none. It is called before every call of the
    /// tool.
    /// </summary>
    /// <param name="agent">The agent that calls.</param>
    /// <param name="name">The tool's name.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: the name is this source's, and it cannot be reached at present.
    /// </exception>
    async Task<AgentTool?> FindAsync(AgentDefinition agent, string name, CancellationToken cancellationToken) =>
        (await ListAsync(agent, cancellationToken).ConfigureAwait(false)).FirstOrDefault(tool => tool.Name == name);

    /// <summary>
    /// Gets the tools that an agent may choose from and that can be had within a short time. What is missing is named, with the
    /// reason, and is no error: a run starts without it, and gets it when it comes.
    /// </summary>
    /// <param name="agent">The agent.</param>
    /// <param name="patience">How long to wait for one that is not there yet.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    async Task<ToolOffer> OfferAsync(AgentDefinition agent, TimeSpan patience, CancellationToken cancellationToken) =>
        new(await ListAsync(agent, cancellationToken).ConfigureAwait(false));
}
