using System.Globalization;
using System.Text;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Keeps what others wrote from steering the terminal, or the reader, that a log is shown by.</summary>
internal static class LogText
{
    /// <summary>
    /// A text with escapes for control characters, other than the ends of lines and tabs, and for those that turn or hide text.
    /// </summary>
    /// <param name="text">The text.</param>
    public static string Escape(string text)
    {
        if (!text.Any(Steers))
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length + 16);
        for (int i = 0; i < text.Length; i++)
        {
            bool endsLine = text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n';
            escaped.Append(Steers(text[i]) && !endsLine ? $"\\u{(int)text[i]:x4}" : text[i].ToString());
        }

        return escaped.ToString();
    }

    private static bool Steers(char c) => c is not ('\n' or '\t') && CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;
}
