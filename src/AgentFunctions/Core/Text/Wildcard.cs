using System.IO.Enumeration;

namespace AgentFunctions.Core.Text;

/// <summary>Patterns with <c>*</c> for any characters and <c>?</c> for one.</summary>
internal static class Wildcard
{
    /// <summary>Whether a text is a pattern at all.</summary>
    /// <param name="text">The text.</param>
    public static bool IsPattern(string text) => text.AsSpan().ContainsAny('*', '?');

    /// <summary>Whether a pattern holds for a text.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="text">The text.</param>
    /// <param name="ignoreCase">Whether upper and lower case are alike.</param>
    public static bool Matches(string pattern, string text, bool ignoreCase = false) =>
        text.Length == 0
            ? pattern.AsSpan().TrimStart('*').IsEmpty
            : FileSystemName.MatchesSimpleExpression(Literal(pattern), text, ignoreCase);

    /// <summary>
    /// The pattern for the system's matcher, in which a backslash would be an escape; here it is a character like any other.
    /// </summary>
    private static string Literal(string pattern) => pattern.Replace(@"\", @"\\", StringComparison.Ordinal);
}
