using System.Globalization;
using System.Text;

namespace AgentFunctions.Cli.Output;

/// <summary>Texts of models and servers, made safe for a terminal.</summary>
internal static class Terminal
{
    /// <summary>The text without the control characters that could steer the terminal; lines and tabs stay.</summary>
    public static string Lines(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format))
            {
                safe.Append(rune.ToString());
            }
        }

        return safe.ToString();
    }
}
