using System.Text;
using System.Text.Json;

namespace AgentFunctions.Tools.Search;

/// <summary>Ranks tools by the words of a query: words of a name count most, and rare words more than common ones.</summary>
internal static class ToolRanking
{
    private const double NameWeight = 3;
    private const double DescriptionWeight = 1;
    private const double ArgumentWeight = 0.7;

    /// <summary>How much the beginning of a word counts, or a text that is not divided into words.</summary>
    private const double PartWeight = 0.5;

    private const int ShortestPart = 4;

    /// <summary>Gets the tools that have anything of a query, the best first.</summary>
    /// <param name="tools">The tools.</param>
    /// <param name="query">The query.</param>
    public static IReadOnlyList<ToolDeclaration> Find(IReadOnlyList<ToolDeclaration> tools, string query)
    {
        string[] asked = [.. WordsOf(query).Distinct(StringComparer.Ordinal)];
        Entry[] entries = [.. tools.Select(static tool => new Entry(tool))];
        double[] weights = [.. asked.Select(word => Math.Log(1
            + (entries.Length / (1.0 + entries.Count(entry => entry.Score(word) > 0)))))];
        return
        [
            .. entries.Select(entry => (entry.Tool, Score: asked.Select((word, i) => entry.Score(word) * weights[i]).Sum()))
                .Where(static found => found.Score > 0)
                .OrderByDescending(static found => found.Score).ThenBy(static found => found.Tool.Name, StringComparer.Ordinal)
                .Select(static found => found.Tool),
        ];
    }

    /// <summary>
    /// Divides a text into words: at what is no letter or digit, and where a capital begins a word within a name.
    /// </summary>
    internal static IEnumerable<string> WordsOf(string text)
    {
        var word = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool isBreak = !char.IsLetterOrDigit(c) || (char.IsUpper(c) && i > 0 && char.IsLower(text[i - 1]));
            if (isBreak && word.Length > 0)
            {
                yield return Stem(word);
                word.Clear();
            }

            if (char.IsLetterOrDigit(c))
            {
                word.Append(char.ToLowerInvariant(c));
            }
        }

        if (word.Length > 0)
        {
            yield return Stem(word);
        }
    }

    /// <summary>A plural is the same word.</summary>
    private static string Stem(StringBuilder word)
    {
        string text = word.ToString();
        return text.Length > 3 && text.EndsWith('s') && !text.EndsWith("ss", StringComparison.Ordinal) ? text[..^1] : text;
    }

    private sealed class Entry(ToolDeclaration tool)
    {
        private readonly HashSet<string> _name = [.. WordsOf(tool.Name)];
        private readonly HashSet<string> _description = [.. WordsOf(tool.Description)];
        private readonly HashSet<string> _arguments = [.. ArgumentsOf(tool).SelectMany(WordsOf)];

        public ToolDeclaration Tool => tool;

        public double Score(string word) =>
            (NameWeight * Match(_name, word)) + (DescriptionWeight * Match(_description, word))
                + (ArgumentWeight * Match(_arguments, word));

        private static double Match(HashSet<string> words, string word)
        {
            if (words.Contains(word))
            {
                return 1;
            }

            bool isUndivided = word.Any(static c => c > '\u2E80');
            return words.Any(one => isUndivided
                ? one.Contains(word, StringComparison.Ordinal)
                : (word.Length >= ShortestPart && one.StartsWith(word, StringComparison.Ordinal))
                    || (one.Length >= ShortestPart && word.StartsWith(one, StringComparison.Ordinal))) ? PartWeight : 0;
        }
    }

    /// <summary>Gets the names of a tool's arguments.</summary>
    /// <param name="tool">The tool.</param>
    public static IEnumerable<string> ArgumentsOf(ToolDeclaration tool) =>
        tool.Schema.ValueKind == JsonValueKind.Object && tool.Schema.TryGetProperty("properties", out JsonElement properties)
        && properties.ValueKind == JsonValueKind.Object
            ? properties.EnumerateObject().Select(static property => property.Name)
            : [];
}
