using AgentFunctions.Agents;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tools.Mcp;

/// <summary>The tools of the tool servers. A server that no tool of the agent's can come from is not started.</summary>
internal sealed class McpToolSource(McpServers servers, ILogger<McpServers> logger) : IToolSource
{
    public async Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken)
    {
        IReadOnlyList<AgentTool>[] tools = await Task.WhenAll(
            servers.Of(agent).Where(server => agent.Tools is null || IsNamed(agent, server))
                .Select(server => ListAsync(agent, server, cancellationToken))).ConfigureAwait(false);
        return [.. tools.SelectMany(static list => list)];
    }

    public async Task<AgentTool?> FindAsync(AgentDefinition agent, string name, CancellationToken cancellationToken)
    {
        foreach (McpServer server in servers.Of(agent).Where(server => ToolNames.IsOf(server.Group, name)))
        {
            IReadOnlyList<AgentTool> tools = await server.ListAsync(cancellationToken).ConfigureAwait(false);
            if (tools.FirstOrDefault(tool => tool.Name == name) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private async Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, McpServer server, CancellationToken cancellationToken)
    {
        try
        {
            return await server.ListAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.ToolUnavailable && agent.McpServers is null && !IsNamed(agent, server))
        {
            // The agent takes whatever the host offers; a server that nobody asked for by name must not hold up every run.
            McpLog.LeftOut(logger, agent.Name, server.Definition.Name, e.Message);
            return [];
        }
    }

    private static bool IsNamed(AgentDefinition agent, McpServer server) =>
        agent.Tools?.Any(entry => ToolNames.IsOf(server.Group, entry)) == true;
}
