using AgentFunctions.Runs;

namespace AgentFunctions.Tools.Search;

/// <summary>Holds declarations against a bound.</summary>
internal static class ToolBounds
{
    /// <summary>Gets what is left of a bound beside some tools; never less than nothing.</summary>
    /// <param name="bound">The bound.</param>
    /// <param name="tools">The tools.</param>
    public static ToolBound Beside(this ToolBound bound, IReadOnlyCollection<ToolDeclaration> tools) =>
        new(Math.Max(0, bound.MaxTools - tools.Count), Math.Max(0, bound.MaxBytes - tools.Sum(static tool => tool.Bytes)));

    /// <summary>Determines whether some tools fit.</summary>
    /// <param name="bound">The bound.</param>
    /// <param name="tools">The tools.</param>
    public static bool Fits(this ToolBound bound, IReadOnlyCollection<ToolDeclaration> tools) =>
        tools.Count <= bound.MaxTools && tools.Sum(static tool => tool.Bytes) <= bound.MaxBytes;
}
