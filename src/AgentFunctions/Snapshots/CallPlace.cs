namespace AgentFunctions.Snapshots;

/// <summary>Which call of which run writes.</summary>
/// <param name="Run">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The call within its turn.</param>
internal sealed record CallPlace(string Run, int Turn, int Call)
{
    /// <summary>Gets the call as the log names it.</summary>
    public string Key => $"{Run}/{Turn}/{Call}";
}
