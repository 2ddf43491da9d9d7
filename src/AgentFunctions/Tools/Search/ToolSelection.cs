using AgentFunctions.Agents;
using AgentFunctions.Runs;

namespace AgentFunctions.Tools.Search;

/// <summary>
/// Represents an agent's tools, divided into those that every request declares and those that are searched for.
/// </summary>
/// <param name="Declared">Those that every request declares.</param>
/// <param name="Searched">The others; none if all fit.</param>
internal sealed record ToolSelection(IReadOnlyList<ToolDeclaration> Declared, IReadOnlyList<ToolDeclaration> Searched)
{
    /// <summary>
    /// Divides an agent's tools. Those of the runtime and the workspace are always declared. Of the others, half of the bound is
    /// filled: with what the agent names one by one, then what the host registered, then whole groups, the smallest first. The
    /// other half is for what is loaded.
    /// </summary>
    /// <param name="tools">All that the agent may call.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="bound">What a request may declare.</param>
    public static ToolSelection Of(IReadOnlyList<ToolDeclaration> tools, AgentDefinition agent, ToolBound bound)
    {
        if (bound.Fits(tools))
        {
            return new ToolSelection(tools, []);
        }

        List<ToolDeclaration> chosen = [.. tools.Where(static tool => tool.Rank == ToolRank.BuiltIn)];
        foreach (ToolDeclaration[] unit in Units(tools, agent))
        {
            if (bound.Half.Beside(chosen).Fits(unit))
            {
                chosen.AddRange(unit);
            }
        }

        var names = chosen.Select(static tool => tool.Name).ToHashSet(StringComparer.Ordinal);
        return new ToolSelection([.. tools.Where(tool => names.Contains(tool.Name))],
            [.. tools.Where(tool => !names.Contains(tool.Name))]);
    }

    private static IEnumerable<ToolDeclaration[]> Units(IReadOnlyList<ToolDeclaration> tools, AgentDefinition agent)
    {
        ToolDeclaration[] added = [.. tools.Where(static tool => tool.Rank != ToolRank.BuiltIn)];
        bool IsNamed(ToolDeclaration tool) => agent.Tools?.Contains(tool.Name) == true;
        IEnumerable<ToolDeclaration[]> single = added.Where(IsNamed)
            .Concat(added.Where(tool => !IsNamed(tool) && tool.Group is null))
            .Select(static tool => new[] { tool });
        IEnumerable<ToolDeclaration[]> groups = added.Where(tool => !IsNamed(tool) && tool.Group is not null)
            .GroupBy(static tool => tool.Group, StringComparer.Ordinal)
            .OrderBy(static group => group.Sum(static tool => tool.Bytes))
            .ThenBy(static group => group.Key, StringComparer.Ordinal)
            .Select(static group => group.ToArray());
        return single.Concat(groups);
    }
}
