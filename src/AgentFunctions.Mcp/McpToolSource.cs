using AgentFunctions.Agents;
using AgentFunctions.Tools;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Mcp;

/// <summary>The tools of the tool servers. A server that no tool of the agent's can come from is not started.</summary>
internal sealed class McpToolSource(McpServers servers, TimeProvider time, ILogger<McpServers> logger) : IToolSource
{
    /// <summary>How long a call waits for its server to be there.</summary>
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(30);

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
            IReadOnlyList<AgentTool> tools = await ListForACallAsync(server, cancellationToken).ConfigureAwait(false);
            if (tools.FirstOrDefault(tool => tool.Name == name) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    public async Task<ToolOffer> OfferAsync(AgentDefinition agent, TimeSpan patience, CancellationToken cancellationToken)
    {
        (IReadOnlyList<McpServer> all, IReadOnlyList<string> notes) = servers.KnownOf(agent);
        (McpServer Server, IReadOnlyList<AgentTool>? Tools, string? Missing)[] offers = await Task.WhenAll(
            all.Where(server => agent.Tools is null || IsNamed(agent, server))
                .Select(server => OfferAsync(server, patience, cancellationToken))).ConfigureAwait(false);
        return new ToolOffer([.. offers.SelectMany(static offer => offer.Tools ?? [])])
        {
            Missing = [.. offers.Where(static offer => offer.Missing is not null && !offer.Server.Definition.Disabled)
                .Select(static offer => new MissingTools(offer.Server.Group, offer.Missing!))],
            Notes = [.. notes, .. offers.Where(static offer => offer.Server.Definition.Disabled)
                .Select(static offer => $"tool server '{offer.Server.Definition.Name}' is disabled in {offer.Server.Definition.Origin}; its tools are left out.")],
        };
    }

    /// <summary>Asks a server for no longer than a while; it is started in the background, for whoever comes next.</summary>
    private async Task<(McpServer Server, IReadOnlyList<AgentTool>? Tools, string? Missing)> OfferAsync(
        McpServer server, TimeSpan patience, CancellationToken cancellationToken)
    {
        Task<IReadOnlyList<AgentTool>> asked = server.ListAsync(CancellationToken.None);
        try
        {
            return (server, await asked.WaitAsync(patience, time, cancellationToken).ConfigureAwait(false), null);
        }
        catch (TimeoutException)
        {
            _ = asked.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
            return (server, null, $"the tool server '{server.Definition.Name}' has not answered yet");
        }
        catch (AgentException e)
        {
            return (server, null, e.Message);
        }
    }

    private async Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, McpServer server,
        CancellationToken cancellationToken)
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

    private async Task<IReadOnlyList<AgentTool>> ListForACallAsync(McpServer server, CancellationToken cancellationToken)
    {
        try
        {
            return await server.ListAsync(CancellationToken.None).WaitAsync(CallPatience, time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new AgentException(
                ErrorCode.ToolUnavailable,
                $"The tool server '{server.Definition.Name}' has not answered yet. The call was not made; try again later or go on without it.");
        }
    }

    private static bool IsNamed(AgentDefinition agent, McpServer server) =>
        agent.Tools?.Any(entry => ToolNames.IsOf(server.Group, entry)) == true;
}
