using System.Text;

namespace AgentFunctions.Core.Text;

/// <summary>The beginning of a text, for places that must stay small.</summary>
internal static class Preview
{
    public static string? Of(string? text, int limit)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return TextCut.Shorten(text, limit);
    }

    /// <summary>
    /// The beginning of a text that fits so many bytes (UTF-8), whole characters only; the whole where it does.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="maxBytes">The most bytes, the note's included.</param>
    /// <param name="note">Says that something is missing.</param>
    public static string OfBytes(string text, int maxBytes, string note = "…")
    {
        if (Encoding.UTF8.GetByteCount(text) <= maxBytes)
        {
            return text;
        }

        int room = Math.Max(0, maxBytes - Encoding.UTF8.GetByteCount(note));
        int bytes = 0;
        int end = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > room)
            {
                break;
            }

            end += rune.Utf16SequenceLength;
        }

        return string.Concat(text.AsSpan(0, end), note);
    }
}
