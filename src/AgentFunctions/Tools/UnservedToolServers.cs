using AgentFunctions.Agents;

namespace AgentFunctions.Tools;

/// <summary>Says so if an agent has tool servers and the host serves none.</summary>
internal sealed class UnservedToolServers(IEnumerable<IToolServers> servers) : IToolSource
{
    private readonly bool _areServed = servers.Any();

    public Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken) =>
        NoteOf(agent) is { } note
            ? throw new AgentException(ErrorCode.ToolUnavailable, note)
            : Task.FromResult<IReadOnlyList<AgentTool>>([]);

    public Task<AgentTool?> FindAsync(AgentDefinition agent, string name, CancellationToken cancellationToken) =>
        Task.FromResult<AgentTool?>(null);

    public Task<ToolOffer> OfferAsync(AgentDefinition agent, TimeSpan patience, CancellationToken cancellationToken) =>
        Task.FromResult(new ToolOffer([]) { Notes = NoteOf(agent) is { } note ? [note] : [] });

    private string? NoteOf(AgentDefinition agent) => _areServed || agent.McpServers is not { Count: > 0 } ? null
        : $"mcpServers: this host serves no tool servers, so agent '{agent.Name}' goes without; reference AgentFunctions.Mcp and call services.AddMcpServers().";
}
