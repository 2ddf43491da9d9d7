using System.Collections.Frozen;

namespace AgentFunctions.Gateway.Routing;

/// <summary>A text as words: what goals and descriptions are compared by.</summary>
internal static class GoalWords
{
    private static readonly FrozenSet<string> Common = FrozenSet.ToFrozenSet(
        [
            "about", "after", "agent", "all", "and", "any", "are", "before", "but", "can", "for", "from", "has", "have", "into",
            "its", "make", "new",
            "not", "our", "out", "over", "please", "should", "task", "than", "that", "the", "their", "them", "then", "they",
            "this", "use", "was",
            "what", "when", "which", "will", "with", "you", "your",
        ],
        StringComparer.Ordinal);

    /// <summary>The words in order, in lower case, each between two spaces; for finding phrases.</summary>
    public static string Line(string text) => $" {string.Join(' ', Split(text))} ";

    /// <summary>The words that say something, each once and without its ending.</summary>
    public static IReadOnlySet<string> Stems(string text) =>
        Split(text).Where(static word => word.Length > 2 && !Common.Contains(word)).Select(Stem)
            .ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<string> Split(string text)
    {
        int from = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            bool isWord = i < text.Length && char.IsLetterOrDigit(text[i]);
            if (isWord && from < 0)
            {
                from = i;
            }
            else if (!isWord && from >= 0)
            {
                yield return text[from..i].ToLowerInvariant();
                from = -1;
            }
        }
    }

    /// <summary>
    /// Deploys, deployed and deploying are one word; a wrong cut harms nothing, since both sides are cut alike.
    /// </summary>
    private static string Stem(string word)
    {
        foreach (string ending in (ReadOnlySpan<string>)["ments", "ment", "ings", "ing", "ies", "ers", "ed", "er", "es", "s", "e",
            "y"])
        {
            if (word.Length >= ending.Length + 4 && word.EndsWith(ending, StringComparison.Ordinal))
            {
                return word[..^ending.Length];
            }
        }

        return word;
    }
}
