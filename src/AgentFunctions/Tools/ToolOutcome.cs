namespace AgentFunctions.Tools;

/// <summary>What came of a tool call.</summary>
/// <param name="Text">What the model reads.</param>
/// <param name="IsError">Whether it went wrong.</param>
/// <param name="Code">The kind of error.</param>
/// <param name="Artifact">The artifact that holds the whole result.</param>
public sealed record ToolOutcome(string Text, bool IsError, ErrorCode? Code = null, string? Artifact = null);
