using System.Text.Json;

namespace AgentFunctions.Gateway;

/// <summary>Represents a call that waits for the caller of its run to execute it.</summary>
/// <param name="Id">The key of the call, <c>run/turn/call</c>: the same whenever and wherever it is shown.</param>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within its turn, from 0.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">The arguments as they were decided: a rule or a person may have changed those of the model.</param>
/// <param name="AskedAt">When it was asked for (UTC).</param>
/// <param name="ExpiresAt">Until when it waits (UTC).</param>
public sealed record ClientCall(
    string Id, string RunId, int Turn, int Call, string Tool, JsonElement Arguments, DateTimeOffset AskedAt,
    DateTimeOffset ExpiresAt);

/// <summary>Represents what came of a call that the caller of its run has executed.</summary>
/// <param name="Text">The result, or what went wrong: text, or JSON.</param>
/// <param name="IsError">Whether the call failed.</param>
public sealed record ClientAnswer(string Text, bool IsError = false);
