using System.Text.Json.Serialization;
using AgentFunctions.Budgets;

namespace AgentFunctions.Tools;

/// <summary>What came of a tool call, in words for the model.</summary>
/// <param name="Text">The result or the error; what passes the tool's limit is cut and kept whole as an artifact.</param>
/// <param name="IsError">Whether the call failed.</param>
/// <param name="Code">For an error: which kind.</param>
/// <param name="Artifact">
/// The name of the artifact that holds the whole text; <see langword="null"/> if the text is whole.
/// </param>
internal sealed record ToolOutcome(string Text, bool IsError = false, ErrorCode? Code = null, string? Artifact = null)
{
    /// <summary>
    /// Gets how many bytes (UTF-8) every further request is longer for the tools that the call loaded; 0 by default.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long LoadedBytes { get; init; }

    /// <summary>
    /// Gets the person whose words the text is, so that the model is shown it as such; <see langword="null"/> if it is what a
    /// tool returned.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SaidBy { get; init; }

    /// <summary>Gets whether the model is not asked again after this call; false by default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool EndsTurn { get; init; }

    /// <summary>Gets what the work cost elsewhere; <see langword="null"/> for nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TokenUsage? Usage { get; init; }

    internal static ToolOutcome Failed(ErrorCode code, string message) => new($"Error: {message}", true, code);
}
