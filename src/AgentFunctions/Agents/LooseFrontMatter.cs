using System.Text.Json.Nodes;
using YamlDotNet.Core;

namespace AgentFunctions.Agents;

/// <summary>
/// Reads front matter that is no valid YAML because of its description, as many published agents have it: the description is the
/// text up to the next known key, whatever stands in it. Every other value must be YAML by itself.
/// </summary>
internal static class LooseFrontMatter
{
    private const string Description = "description";

    /// <summary>Reads the lines.</summary>
    /// <param name="lines">The lines between the fences.</param>
    /// <param name="read">Reads lines that are YAML.</param>
    /// <returns>The keys; <see langword="null"/> if the lines cannot be understood in this way.</returns>
    public static List<FrontMatterEntry>? Read(string[] lines, Func<string[], List<FrontMatterEntry>> read)
    {
        int[] starts = [.. Enumerable.Range(0, lines.Length).Where(index => FrontMatterKeys.AtStartOf(lines[index]) is not null)];
        if (starts.Length == 0 || lines[..starts[0]].Any(static line => line.Trim().Length > 0))
        {
            return null;
        }

        var entries = new List<FrontMatterEntry>();
        for (int i = 0; i < starts.Length; i++)
        {
            string[] block = lines[starts[i]..(i + 1 < starts.Length ? starts[i + 1] : lines.Length)];
            if (Entry(block, starts[i], read) is not { } entry
                || entries.Any(known => FrontMatterKeys.Of(known.Key) == FrontMatterKeys.Of(entry.Key)))
            {
                return null;
            }

            entries.Add(entry);
        }

        return entries;
    }

    private static FrontMatterEntry? Entry(string[] block, int start, Func<string[], List<FrontMatterEntry>> read)
    {
        // The opening fence is the file's first line.
        int line = start + 2;
        string key = FrontMatterKeys.AtStartOf(block[0])!;
        if (FrontMatterKeys.Of(key) == Description)
        {
            return new FrontMatterEntry(key, line, JsonValue.Create(Text(block)));
        }

        try
        {
            return read(block) is [{ } entry] ? entry with { Line = line } : null;
        }
        catch (YamlException)
        {
            return null;
        }
    }

    private static string Text(string[] block)
    {
        string first = block[0][(block[0].IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        bool isMarker = first is "|" or ">" or "|-" or ">-" or "|+" or ">+";
        string text = string.Join('\n', block[1..].Select(static line => line.TrimEnd()).Prepend(isMarker ? "" : first)).Trim();
        if (text.Length > 1 && text[0] is '"' or '\'' && text[^1] == text[0])
        {
            text = text[1..^1];
        }

        return text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal).Trim();
    }
}
