using System.Text.RegularExpressions;

namespace AgentFunctions.Agents;

/// <summary>The keys of front matter that are known here or common in published agents.</summary>
internal static partial class FrontMatterKeys
{
    private static readonly string[] Ours =
    [
        "name", "description", "model", "tools", "disallowedTools", "mcpServers", "effects", "scopes", "delegation", "maxTurns",
        "maxTokens",
        "maxDuration", "pauseClock", "outputSchema", "permissionMode",
    ];

    private static readonly Dictionary<string, string> Canonical =
        Ours.Append("allowedTools").Append("deniedTools").ToDictionary(Plain, static key => key switch
        {
            "allowedTools" => "tools",
            "deniedTools" => "disallowedTools",
            _ => key,
        });

    private static readonly HashSet<string> Others =
    [
        "color", "colour", "skills", "hooks", "memory", "background", "isolation", "effort", "version", "tags", "author",
        "category", "license",
        "metadata", "argumenthint", "temperature", "icon", "title", "whentouse", "created", "updated", "initialprompt",
    ];

    /// <summary>Gets the key as it is known here, however it is cased and divided; as it is if it is not known.</summary>
    /// <param name="key">The key.</param>
    public static string Of(string key) => Canonical.GetValueOrDefault(Plain(key), key);

    /// <summary>
    /// Gets the key that a line begins with; <see langword="null"/> if it begins with none that is known or common.
    /// </summary>
    /// <param name="line">The line.</param>
    public static string? AtStartOf(string line)
    {
        Match match = KeyLine().Match(line);
        return match.Success && (Canonical.ContainsKey(Plain(match.Groups[1].Value))
            || Others.Contains(Plain(match.Groups[1].Value)))
            ? match.Groups[1].Value
            : null;
    }

    private static string Plain(string key) =>
        key.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    [GeneratedRegex(@"^([A-Za-z][A-Za-z_-]*)[ \t]*:(?:\s|$)", RegexOptions.CultureInvariant)]
    private static partial Regex KeyLine();
}
