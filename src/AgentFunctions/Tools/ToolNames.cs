using System.IO.Enumeration;
using AgentFunctions.Core;

namespace AgentFunctions.Tools;

/// <summary>Names that every model provider takes: letters, digits, <c>_</c> and <c>-</c>, at most 64 characters.</summary>
internal static class ToolNames
{
    private const int MaxLength = 64;
    private const int HashLength = 8;

    /// <summary>
    /// A name as it is, where every provider takes it; else with other characters replaced, shortened, and a hash of the
    /// whole at the end, so that different names stay different and a name stays the same from one start to the next.
    /// </summary>
    /// <param name="name">The name.</param>
    public static string Sanitise(string name)
    {
        string clean = Clean(name);
        return clean == name && name.Length is > 0 and <= MaxLength ? name : WithHash(clean, name);
    }

    /// <summary>A text with an underscore for each character that names must not hold.</summary>
    /// <param name="text">The text.</param>
    public static string Clean(string text) =>
        string.Concat(text.Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_'));

    /// <summary>
    /// Whether an entry of an agent's list of tools stands for a tool: its name, its group, or a pattern with <c>*</c> for any
    /// characters.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="tool">The tool.</param>
    public static bool Matches(string entry, AgentTool tool) =>
        entry == tool.Name || (ToolPattern.Read(entry) is { } pattern ? pattern.Tool : Sanitise(entry)) == tool.Name
            || (tool.Group is { } group && (entry == group || entry == $"{group}__*")) || MatchesPattern(entry, tool.Name);

    /// <summary>What a pattern says of a server's own names is compared with the names that models see.</summary>
    private static bool MatchesPattern(string entry, string name) =>
        entry.Contains('*', StringComparison.Ordinal) && !entry.Contains('(', StringComparison.Ordinal)
        && FileSystemName.MatchesSimpleExpression(string.Join('*', entry.Split('*').Select(Clean)), name, ignoreCase: false);

    /// <summary>
    /// Whether a name, or an entry of an agent's list of tools, is of a group: the group itself, or <c>group__tool</c>.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="name">The name.</param>
    public static bool IsOf(string group, string name) =>
        name == group || MayBeOf(group, name)
            || (name.StartsWith(group, StringComparison.Ordinal) && name.AsSpan(group.Length).StartsWith("__"));

    /// <summary>
    /// Whether a tool of one group could have the name of a tool of the other: <c>a</c> with <c>b__c</c>, and <c>a__b</c> with
    /// <c>c</c>.
    /// </summary>
    /// <param name="group">A group.</param>
    /// <param name="other">Another group.</param>
    public static bool Overlap(string group, string other) =>
        $"{group}__".StartsWith($"{other}__", StringComparison.Ordinal)
            || $"{other}__".StartsWith($"{group}__", StringComparison.Ordinal);

    /// <summary>Whether a pattern may stand for tools of a group.</summary>
    private static bool MayBeOf(string group, string pattern)
    {
        int star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star >= 0 && (group + "__").StartsWith(pattern[..Math.Min(star, group.Length + 2)], StringComparison.Ordinal);
    }

    /// <summary>Whether a name has the form of a tool that comes from a source, or of a group of them.</summary>
    /// <param name="name">The name.</param>
    public static bool IsOfSource(string name) => name.Contains("__", StringComparison.Ordinal);

    private static string WithHash(string clean, string name)
    {
        string hash = TextHash.Of(name)[..HashLength];
        return $"{clean[..Math.Min(clean.Length, MaxLength - HashLength - 1)]}_{hash}";
    }
}
