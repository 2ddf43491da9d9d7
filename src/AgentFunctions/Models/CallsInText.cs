using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentFunctions.Models;

/// <summary>
/// Finds tool calls that an endpoint left in the text of an answer. They are not made, since that would be a guess; but such a
/// text is no answer either.
/// </summary>
internal static partial class CallsInText
{
    /// <summary>The reason of the end of an answer that holds calls as text.</summary>
    public const string Reason = "calls_in_text";

    /// <summary>Gets whether a text holds a call.</summary>
    /// <param name="text">The text, without thoughts.</param>
    /// <param name="tools">The names of the tools that were offered.</param>
    public static bool Has(string text, IEnumerable<string> tools)
    {
        string bare = Quoted().Replace(text, " ").Trim();
        return Marks().IsMatch(bare) || IsCall(text.Trim(), tools);
    }

    /// <summary>Whether a text is nothing but the JSON of a call.</summary>
    private static bool IsCall(string text, IEnumerable<string> tools)
    {
        string json = Fence().Match(text) is { Success: true } fenced ? fenced.Groups[1].Value.Trim() : text;
        if (!json.StartsWith('{') && !json.StartsWith('['))
        {
            return false;
        }

        try
        {
            using var parsed = JsonDocument.Parse(json);
            JsonElement call = parsed.RootElement is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0
                ? list[0]
                : parsed.RootElement;
            if (call.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            call = call.TryGetProperty("function", out JsonElement function) && function.ValueKind == JsonValueKind.Object
                ? function
                : call;
            return call.TryGetProperty("name", out JsonElement name) && name.ValueKind == JsonValueKind.String
                && (call.TryGetProperty("arguments", out _) || call.TryGetProperty("parameters", out _))
                && tools.Contains(name.GetString(), StringComparer.Ordinal);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"```.*?(```|\z)|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\A```[a-z_]*\s*\n(.*?)\n?```\z", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(
        @"<tool_call>\s*[\{<\w]|<function_calls?>\s*[\{<\[]|<\|tool_call(s_section)?(_begin)?\|>|<｜tool▁calls?▁begin｜>|\[TOOL_CALLS\]|<\|python_tag\|>"
        + @"|<function=[\w\-.]+>|<invoke name=|<minimax:tool_call>|<\|channel\|>commentary to=|```tool_(call|code)",
        RegexOptions.CultureInvariant)]
    private static partial Regex Marks();
}
