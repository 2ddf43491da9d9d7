using System.Text;

namespace AgentFunctions.Activities;

/// <summary>The beginning of a text, for places that must stay small.</summary>
internal static class Preview
{
    /// <summary>The size of the sign that something follows, in bytes.</summary>
    private const int Ellipsis = 3;

    public static string? Of(string? text, int limit)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (text.Length <= limit)
        {
            return text;
        }

        int end = char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit;
        return string.Concat(text.AsSpan(0, end), "…");
    }

    /// <summary>The beginning of a text that fits so many bytes (UTF-8); the whole where it does.</summary>
    public static string OfBytes(string text, int maxBytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= maxBytes)
        {
            return text;
        }

        var begun = new StringBuilder();
        int bytes = Ellipsis;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > maxBytes)
            {
                break;
            }

            begun.Append(rune);
        }

        return begun.Append('…').ToString();
    }
}
