namespace AgentFunctions.Runs;

/// <summary>Represents how many tools one request may declare.</summary>
/// <param name="MaxTools">The most tools.</param>
/// <param name="MaxBytes">The most bytes (UTF-8) of their declarations together.</param>
internal readonly record struct ToolBound(int MaxTools, long MaxBytes)
{
    /// <summary>Gets half of the bound.</summary>
    internal ToolBound Half => new(MaxTools / 2, MaxBytes / 2);
}
