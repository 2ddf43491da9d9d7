using AgentFunctions.Runs;

namespace AgentFunctions.Tools.Search;

/// <summary>
/// Puts what was loaded after what every request declares, so that a provider's cache of the declarations holds as far as it can.
/// </summary>
internal static class LoadedTools
{
    /// <summary>
    /// Adds the loaded tools, in the order of their loading; if the bound does not allow all, without the oldest.
    /// </summary>
    /// <param name="declared">What every request declares.</param>
    /// <param name="loads">What was loaded, in order.</param>
    /// <param name="tools">All that the run may call.</param>
    /// <param name="bound">What a request may declare.</param>
    public static IReadOnlyList<ToolDeclaration> Add(
        IReadOnlyList<ToolDeclaration> declared, IReadOnlyList<ToolLoad> loads, IReadOnlyList<ToolDeclaration> tools,
        ToolBound bound)
    {
        var byName = tools.ToDictionary(static tool => tool.Name, StringComparer.Ordinal);
        var seen = declared.Select(static tool => tool.Name).ToHashSet(StringComparer.Ordinal);
        ToolDeclaration[] loaded =
        [
            .. loads.SelectMany(static load => load.Tools).Where(name => byName.ContainsKey(name) && !seen.Contains(name))
                // Loaded again counts as loaded later.
                .Reverse().Distinct(StringComparer.Ordinal).Select(name => byName[name]),
        ];
        ToolBound room = bound.Beside(declared);
        var kept = new List<ToolDeclaration>();
        foreach (ToolDeclaration tool in loaded)
        {
            if (kept.Count > 0 && !room.Beside(kept).Fits([tool]))
            {
                break;
            }

            kept.Add(tool);
        }

        kept.Reverse();
        return kept.Count == 0 ? declared : [.. declared, .. kept];
    }

    /// <summary>Gets those of some tools that can be loaded at once; the first one always can.</summary>
    /// <param name="wanted">The tools, the most wanted first.</param>
    /// <param name="declared">What every request declares.</param>
    /// <param name="bound">What a request may declare.</param>
    public static IReadOnlyList<ToolDeclaration> Fitting(
        IEnumerable<ToolDeclaration> wanted, IReadOnlyList<ToolDeclaration> declared, ToolBound bound)
    {
        ToolBound room = bound.Beside(declared);
        var chosen = new List<ToolDeclaration>();
        foreach (ToolDeclaration tool in wanted)
        {
            if (chosen.Count == 0 || room.Beside(chosen).Fits([tool]))
            {
                chosen.Add(tool);
            }
        }

        return chosen;
    }
}
