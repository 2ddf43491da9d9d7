namespace AgentFunctions.Tools;

/// <summary>What came of a tool call, in words for the model.</summary>
/// <param name="Text">The result or the error; what passes the tool's limit is cut and kept whole as an artifact.</param>
/// <param name="IsError">Whether the call failed.</param>
/// <param name="Code">For an error: which kind.</param>
/// <param name="Artifact">The name of the artifact that holds the whole text; <see langword="null"/> where the text is whole.</param>
public sealed record ToolOutcome(string Text, bool IsError = false, ErrorCode? Code = null, string? Artifact = null)
{
    internal static ToolOutcome Failed(ErrorCode code, string message) => new($"Error: {message}", true, code);
}
