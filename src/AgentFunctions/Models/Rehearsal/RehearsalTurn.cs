namespace AgentFunctions.Models.Rehearsal;

/// <summary>What the script says next.</summary>
/// <param name="Text">The words, without the label.</param>
/// <param name="Calls">The tools to call; none ends the run.</param>
internal sealed record RehearsalTurn(string Text, IReadOnlyList<RehearsalCall> Calls);

/// <summary>A tool to call.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">The arguments: strings, numbers, lists and dictionaries of them.</param>
internal sealed record RehearsalCall(string Tool, IReadOnlyDictionary<string, object?> Arguments);
