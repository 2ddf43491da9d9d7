using System.Text;

namespace AgentFunctions.Swarm;

/// <summary>Texts that are bounded in bytes, since no token is shorter than a byte.</summary>
internal static class Utf8Text
{
    /// <summary>The beginning of a text with a note, where the text is too long; whole characters only.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxBytes">The most bytes (UTF-8), the note's included.</param>
    /// <param name="note">Says that something is missing.</param>
    public static string Cut(string text, int maxBytes, string note)
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
