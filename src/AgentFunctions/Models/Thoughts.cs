namespace AgentFunctions.Models;

/// <summary>Tells what a model thought from what it said, where an endpoint leaves both in one text.</summary>
internal static class Thoughts
{
    private const string Close = "</think>";
    private const string Channel = "<|channel|>";
    private const string FinalChannel = "<|channel|>final<|message|>";

    private static readonly (string Open, string Close)[] Marks =
    [
        ("<think>", Close), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"), ("◁think▷", "◁/think▷"),
        ("[THINK]", "[/THINK]"),
    ];

    /// <summary>No mark is longer.</summary>
    public const int LongestMark = 32;

    /// <summary>Whether it cannot be told yet of the beginning of a text if thoughts or words are coming.</summary>
    /// <param name="text">The beginning of the text.</param>
    public static bool MayBegin(string text)
    {
        ReadOnlySpan<char> start = text.AsSpan().TrimStart();
        if (start.Length == 0
            || (start.StartsWith(Channel, StringComparison.Ordinal) && !text.Contains(FinalChannel, StringComparison.Ordinal))
            || Channel.AsSpan().StartsWith(start, StringComparison.Ordinal))
        {
            return true;
        }

        foreach ((string open, _) in Marks)
        {
            if (open.Length > start.Length && open.AsSpan().StartsWith(start, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a text begins with thoughts.</summary>
    /// <param name="text">The beginning of the text.</param>
    public static bool Begins(string text) => Begin(text) is not null;

    /// <summary>Gets a thought without the beginning of a mark of its end.</summary>
    /// <param name="thought">The thought up to now.</param>
    public static string WithoutHalfMark(string thought)
    {
        for (int at = Math.Max(0, thought.Length - LongestMark); at < thought.Length; at++)
        {
            ReadOnlySpan<char> end = thought.AsSpan(at);
            foreach ((_, string close) in Marks)
            {
                if (close.AsSpan().StartsWith(end, StringComparison.OrdinalIgnoreCase))
                {
                    return thought[..at].TrimEnd();
                }
            }
        }

        return thought;
    }

    /// <summary>Whether a part of a text may show that all before it was thought.</summary>
    /// <param name="part">The part.</param>
    public static bool MayEndIn(string part) =>
        part.Contains(Close, StringComparison.Ordinal) || part.Contains(FinalChannel, StringComparison.Ordinal);

    /// <summary>Splits a text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The thoughts, empty if there are none, and the words; thoughts that were cut off leave no words.</returns>
    public static (string Thoughts, string Words) Split(string text)
    {
        int channel = text.IndexOf(FinalChannel, StringComparison.Ordinal);
        if (channel >= 0)
        {
            string last = text[(channel + FinalChannel.Length)..];
            int end = last.IndexOf("<|", StringComparison.Ordinal);
            return (text[..channel], end < 0 ? last : last[..end]);
        }

        List<string> thoughts = [];
        string rest = text;
        while (Begin(rest) is { } mark)
        {
            string inner = rest.TrimStart()[mark.Open.Length..];
            int end = inner.IndexOf(mark.Close, StringComparison.OrdinalIgnoreCase);
            thoughts.Add((end < 0 ? inner : inner[..end]).Trim());
            rest = end < 0 ? "" : inner[(end + mark.Close.Length)..].TrimStart('\r', '\n');
        }

        // A template that opens the thought itself leaves only its end in the answer.
        int close = rest.IndexOf(Close, StringComparison.Ordinal);
        bool isQuoted = close > 0 && rest[close - 1] is '`' or '"' or '\'';
        if (close >= 0 && !isQuoted && !rest.AsSpan(0, close).Contains("<think>", StringComparison.Ordinal))
        {
            thoughts.Add(rest[..close].Trim());
            rest = rest[(close + Close.Length)..].TrimStart('\r', '\n');
        }

        return (string.Join("\n\n", thoughts.Where(static thought => thought.Length > 0)), rest);
    }

    private static (string Open, string Close)? Begin(string text)
    {
        ReadOnlySpan<char> start = text.AsSpan().TrimStart();
        foreach ((string Open, string Close) mark in Marks)
        {
            if (start.StartsWith(mark.Open, StringComparison.OrdinalIgnoreCase))
            {
                return mark;
            }
        }

        return null;
    }
}
