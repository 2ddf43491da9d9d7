using System.Net;
using System.Text;

namespace AgentFunctions.Tools.Web;

/// <summary>Gets the text of a page of HTML: without its scripts, styles and tags, a line for each block.</summary>
internal static class PageText
{
    private static readonly string[] Dropped = ["script", "style", "noscript", "svg", "template", "iframe"];

    private static readonly HashSet<string> Blocks = new(StringComparer.OrdinalIgnoreCase)
    {
        "p", "div", "br", "hr", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote",
        "section", "article",
        "header", "footer", "nav", "main", "aside", "title", "head", "body", "dt", "dd", "figure", "form", "option",
    };

    /// <summary>Determines whether a text is a page and not, for instance, plain text that says nothing of its type.</summary>
    /// <param name="text">The text.</param>
    public static bool IsPage(string text) => text.AsSpan().TrimStart('\uFEFF').TrimStart().StartsWith("<");

    /// <summary>Gets the text of a page.</summary>
    /// <param name="page">The page.</param>
    public static string Of(string page)
    {
        var text = new StringBuilder();
        int at = 0;
        while (at < page.Length)
        {
            int open = page.IndexOf('<', at);
            text.Append(page, at, (open < 0 ? page.Length : open) - at);
            if (open < 0)
            {
                break;
            }

            at = Skip(page, open, text);
        }

        return Tidy(WebUtility.HtmlDecode(text.ToString()));
    }

    /// <summary>Skips a tag, and what it encloses where that is no text.</summary>
    private static int Skip(string page, int open, StringBuilder text)
    {
        if (string.CompareOrdinal(page, open, "<!--", 0, 4) == 0)
        {
            return After(page, "-->", open + 4);
        }

        int end = page.IndexOf('>', open);
        if (end < 0)
        {
            return page.Length;
        }

        bool isClosing = open + 1 < page.Length && page[open + 1] == '/';
        int start = open + (isClosing ? 2 : 1);
        int length = 0;
        while (start + length < end && char.IsAsciiLetterOrDigit(page[start + length]))
        {
            length++;
        }

        string name = page.Substring(start, length);
        if (length == 0 && page[start] is not ('!' or '?'))
        {
            // A sign of its own, as in 'a < b'.
            text.Append('<');
            return open + 1;
        }

        _ = Blocks.Contains(name) ? text.Append('\n') : text;
        return !isClosing && page[end - 1] != '/' && Dropped.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? After(page, $"</{name}", end + 1, '>')
            : end + 1;
    }

    private static int After(string page, string mark, int from, char? then = null)
    {
        int found = page.IndexOf(mark, Math.Min(from, page.Length), StringComparison.OrdinalIgnoreCase);
        found = found < 0 || then is null ? found : page.IndexOf(then.Value, found) is >= 0 and var close
            ? close - mark.Length + 1
            : -1;
        return found < 0 ? page.Length : found + mark.Length;
    }

    private static string Tidy(string text)
    {
        IEnumerable<string> lines = text.Split('\n')
            .Select(static line => string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))
            .Where(static line => line.Length > 0);
        return string.Join('\n', lines);
    }
}
