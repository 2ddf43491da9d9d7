namespace AgentFunctions.Models;

/// <summary>Tells what a model thought from what it said, where an endpoint leaves both in one text.</summary>
internal static class Thoughts
{
    private const string Close = "</think>";
    private const string FinalChannel = "<|channel|>final<|message|>";

    private static readonly (string Open, string Close)[] Marks =
    [
        ("<think>", Close), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"), ("◁think▷", "◁/think▷"), ("[THINK]", "[/THINK]"),
    ];

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
