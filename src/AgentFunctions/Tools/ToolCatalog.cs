using AgentFunctions.Agents;

namespace AgentFunctions.Tools;

/// <summary>The tools of this host, by name.</summary>
public sealed class ToolCatalog(IEnumerable<AgentTool> tools)
{
    private readonly AgentTool[] _tools = [.. tools.OrderBy(tool => tool.Name, StringComparer.Ordinal)];

    /// <summary>The tools that an agent gets, in ordinal order of their names.</summary>
    /// <param name="agent">The agent.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.ToolNotFound"/>: the definition names a tool that does not exist.</exception>
    public IReadOnlyList<AgentTool> Select(AgentDefinition agent)
    {
        ArgumentNullException.ThrowIfNull(agent);
        if (agent.Tools?.FirstOrDefault(name => _tools.All(tool => tool.Name != name)) is { } unknown)
        {
            throw new AgentException(
                ErrorCode.ToolNotFound, $"tools: there is no tool '{unknown}'; use {string.Join(", ", _tools.Select(tool => tool.Name))}.");
        }

        return [.. _tools.Where(tool => !agent.DisallowedTools.Contains(tool.Name) && (agent.Tools?.Contains(tool.Name) ?? !tool.OnlyByName))];
    }
}
