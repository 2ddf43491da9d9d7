using AgentFunctions.Agents;

namespace AgentFunctions.Tools;

/// <summary>The tools of this host, by name. Never changes once made, so any thread may read it.</summary>
public sealed class ToolCatalog
{
    private readonly Dictionary<string, AgentTool> _byName = new(StringComparer.Ordinal);

    /// <summary>Makes a catalog.</summary>
    /// <param name="tools">The tools.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: two tools have one name.</exception>
    public ToolCatalog(IEnumerable<AgentTool> tools)
    {
        ArgumentNullException.ThrowIfNull(tools);
        foreach (AgentTool tool in tools)
        {
            if (!_byName.TryAdd(tool.Name, tool))
            {
                throw new AgentException(ErrorCode.InvalidInput, $"tools: two tools are called '{tool.Name}'; rename or remove one of them.");
            }
        }

        Tools = [.. _byName.Values.OrderBy(static t => t.Name, StringComparer.Ordinal)];
    }

    /// <summary>The tools in ordinal order of their names.</summary>
    public IReadOnlyList<AgentTool> Tools { get; }

    /// <summary>The tools that an agent gets, in ordinal order of their names.</summary>
    /// <remarks>
    /// A name that is disallowed but unknown is an error as well, since a slip there would allow a tool. The capitalised names
    /// of Claude Code's tools that have no counterpart here are the exception.
    /// </remarks>
    /// <param name="agent">The agent.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolNotFound"/>: the definition names a tool that the host has not; the message lists those it has.
    /// </exception>
    public IReadOnlyList<AgentTool> Select(AgentDefinition agent)
    {
        ArgumentNullException.ThrowIfNull(agent);
        string? unknown = agent.Tools?.FirstOrDefault(name => !_byName.ContainsKey(name))
            ?? agent.DisallowedTools.FirstOrDefault(name => !_byName.ContainsKey(name) && !ClaudeCodeTools.LooksForeign(name));
        if (unknown is not null)
        {
            string known = Tools.Count == 0 ? "it has none." : $"it has: {string.Join(", ", Tools.Select(static t => t.Name))}.";
            throw new AgentException(ErrorCode.ToolNotFound, $"agent '{agent.Name}': tools: this host has no tool '{unknown}'; {known}");
        }

        return
        [
            .. Tools.Where(tool => (agent.Tools?.Contains(tool.Name, StringComparer.Ordinal) ?? !tool.OnlyByName)
                && !agent.DisallowedTools.Contains(tool.Name, StringComparer.Ordinal)),
        ];
    }
}
