using System.Globalization;
using System.Text;

namespace AgentFunctions.Cli.Output;

/// <summary>Texts of models and servers, made safe for a terminal.</summary>
internal static class Terminal
{
    /// <summary>The beginning of a line that would break over an edge, without splitting a character of two units.</summary>
    public static string Fit(string line, int width)
    {
        int length = Math.Max(1, width - 1);
        return line.Length <= width ? line
            : $"{line[..(char.IsHighSurrogate(line[length - 1]) && char.IsLowSurrogate(line[length]) ? length - 1 : length)]}…";
    }

    /// <summary>The text without the control characters that could steer the terminal; lines and tabs stay.</summary>
    public static string Lines(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t'
                || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format))
            {
                safe.Append(rune.ToString());
            }
        }

        return safe.ToString();
    }

    /// <summary>
    /// JSON that somebody decides about, with escapes for characters that would steer the terminal, turn the text round or stay
    /// unseen: what is shown is what is used, to the letter.
    /// </summary>
    /// <param name="json">The JSON; the escapes are its own, so it still says the same.</param>
    public static string Json(string json)
    {
        var shown = new StringBuilder(json.Length);
        foreach (Rune rune in json.EnumerateRunes())
        {
            bool isSeen = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse)
                && (rune.Value == ' ' || !Rune.IsWhiteSpace(rune)) && !IsBlank(rune);
            shown.Append(isSeen ? rune.ToString() : string.Concat(rune.ToString().Select(static c => $"\\u{(int)c:x4}")));
        }

        return shown.ToString();
    }

    /// <summary>Letters and marks that have no shape of their own: fillers and selectors of variants.</summary>
    private static bool IsBlank(Rune rune) =>
        rune.Value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800 or 0x034F or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100
            and <= 0xE01EF) or (>= 0x180B and <= 0x180F);
}
