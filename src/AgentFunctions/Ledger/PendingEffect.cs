namespace AgentFunctions.Ledger;

/// <summary>Represents a call with effects that has begun and has no outcome yet.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">
/// The number of the call within its turn; -1 for the acceptance command that checks the turn's answer.
/// </param>
/// <param name="Tool">The tool.</param>
/// <param name="StartedAt">When it began (UTC).</param>
public sealed record PendingEffect(string RunId, int Turn, int Call, string Tool, DateTimeOffset StartedAt);
