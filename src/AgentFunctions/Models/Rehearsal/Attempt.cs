using System.Text.RegularExpressions;

namespace AgentFunctions.Models.Rehearsal;

/// <summary>A tool call of the conversation, with what came back.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">The arguments, each as text.</param>
/// <param name="Result">The result as the model sees it.</param>
internal sealed partial record Attempt(string Tool, IReadOnlyDictionary<string, string> Arguments, string Result)
{
    /// <summary>Gets whether the result reads like an error. Only the words tell; results carry no flag.</summary>
    public bool Failed { get; } = ErrorWords().IsMatch(Result) && Result.Trim().Count(static letter => letter == '\n') < 3;

    /// <summary>An argument's text, or <see langword="null"/>.</summary>
    public string? Argument(string name) => Arguments.GetValueOrDefault(name);

    [GeneratedRegex(
        @"^\s*(\{\s*""error""|error\b|failed\b|denied\b|exception\b|the call\b|the tool\b|there is no tool\b|(path|pattern|glob|content|max|offset|limit): )",
        RegexOptions.IgnoreCase)]
    private static partial Regex ErrorWords();
}
