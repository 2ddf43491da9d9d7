using System.Text;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Line ends of text files: those of Windows (<c>\r\n</c>), the others (<c>\n</c>), or both in one file.</summary>
internal static class LineEnds
{
    /// <summary>Determines whether a text has line ends of Windows and no others.</summary>
    /// <param name="text">The text.</param>
    public static bool AreOfWindows(ReadOnlySpan<char> text)
    {
        bool any = false;
        for (int at = text.IndexOf('\n'), start = 0; at >= 0; at = text[start..].IndexOf('\n'))
        {
            if (start + at == 0 || text[start + at - 1] != '\r')
            {
                return false;
            }

            any = true;
            start += at + 1;
        }

        return any;
    }

    /// <summary>Gets a text with <c>\n</c> for each line end.</summary>
    /// <param name="text">The text.</param>
    public static string Plain(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);

    /// <summary>Gets a text with the line ends of Windows.</summary>
    /// <param name="text">The text; its line ends are <c>\n</c>.</param>
    public static string OfWindows(string text) => text.Replace("\n", "\r\n", StringComparison.Ordinal);

    /// <summary>
    /// Gets new text with the line ends of the text in whose place it comes; further ones are like the last of these.
    /// </summary>
    /// <param name="newText">The new text; its line ends are <c>\n</c>.</param>
    /// <param name="replaced">The text that is replaced.</param>
    /// <param name="nearby">The line end for new text in place of a text without any.</param>
    public static string Like(string newText, ReadOnlySpan<char> replaced, string nearby)
    {
        var result = new StringBuilder(newText.Length + 8);
        string end = nearby;
        foreach (char c in newText)
        {
            if (c != '\n')
            {
                result.Append(c);
                continue;
            }

            int next = replaced.IndexOf('\n');
            if (next >= 0)
            {
                end = next > 0 && replaced[next - 1] == '\r' ? "\r\n" : "\n";
                replaced = replaced[(next + 1)..];
            }

            result.Append(end);
        }

        return result.ToString();
    }
}
