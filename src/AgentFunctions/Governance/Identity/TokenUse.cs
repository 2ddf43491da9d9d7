namespace AgentFunctions.Governance.Identity;

/// <summary>What a token of a run is for.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within its turn.</param>
/// <param name="Key">The key of the call.</param>
internal sealed record TokenUse(string RunId, int Turn, int Call, string Key)
{
    /// <summary>Gets whether it ends what the call has begun: then the run itself may have ended, or be stopped.</summary>
    public bool IsToEnd { get; init; }
}
