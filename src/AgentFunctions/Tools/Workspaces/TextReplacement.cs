using System.Text;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>The outcome of replacing text exactly.</summary>
/// <param name="Text">The text after.</param>
/// <param name="Count">How many occurrences were replaced.</param>
/// <param name="FirstLine">The line of the first, from 1.</param>
internal readonly record struct TextReplacement(string Text, int Count, int FirstLine)
{
    /// <summary>Replaces text.</summary>
    /// <param name="text">The text before.</param>
    /// <param name="oldText">What to replace.</param>
    /// <param name="newText">What to put in its place.</param>
    /// <param name="all">Whether to replace every occurrence; otherwise there must be exactly one.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolArgumentsInvalid"/>: nothing, or too much, would be replaced.
    /// </exception>
    public static TextReplacement Apply(string text, string oldText, string newText, bool all)
    {
        // read_file shows lines without their ends, so a model cannot know which ones a file has, and where.
        (string plain, List<int> cuts) = Plain(text);
        (oldText, newText) = cuts.Count > 0 ? (LineEnds.Plain(oldText), LineEnds.Plain(newText)) : (oldText, newText);
        if (oldText.Length == 0)
        {
            throw Invalid("old_text: is empty; quote the text to replace, or use write_file for a new file.");
        }

        if (oldText == newText)
        {
            throw Invalid("new_text: is the same as old_text, so nothing would change.");
        }

        int first = plain.IndexOf(oldText, StringComparison.Ordinal);
        if (first < 0)
        {
            throw Invalid("old_text: is not in the file; read the file again and quote it exactly, white space and all.");
        }

        int count = 0;
        for (int at = first; at >= 0; at = plain.IndexOf(oldText, at + oldText.Length, StringComparison.Ordinal))
        {
            count++;
        }

        // Overlapping places count too: 'aa' stands twice in 'aaa', and either could be meant.
        if (!all && plain.IndexOf(oldText, first + 1, StringComparison.Ordinal) >= 0)
        {
            throw Invalid($"old_text: is in the file {Math.Max(count, 2)} times; quote more of its surroundings, or set replace_all to true.");
        }

        string after = cuts.Count == 0
            ? text.Replace(oldText, newText, StringComparison.Ordinal)
            : Replace(text, plain, cuts, oldText, newText);
        return new(after, count, plain.AsSpan(0, first).Count('\n') + 1);
    }

    /// <summary>The text with <c>\n</c> for each line end, and where in it a <c>\r</c> was left out.</summary>
    private static (string Plain, List<int> Cuts) Plain(string text)
    {
        var cuts = new List<int>();
        for (int at = text.IndexOf("\r\n", StringComparison.Ordinal); at >= 0; at = text.IndexOf("\r\n", at + 2,
            StringComparison.Ordinal))
        {
            cuts.Add(at - cuts.Count);
        }

        return (cuts.Count == 0 ? text : LineEnds.Plain(text), cuts);
    }

    private static string Replace(string text, string plain, List<int> cuts, string oldText, string newText)
    {
        var result = new StringBuilder(text.Length + newText.Length);
        int copied = 0;
        for (int at = plain.IndexOf(oldText, StringComparison.Ordinal); at >= 0;)
        {
            (int start, int end) = (InText(at), InText(at + oldText.Length));
            result.Append(text, copied, start - copied)
                .Append(LineEnds.Like(newText, text.AsSpan(start, end - start), Nearby(text, start)));
            copied = end;
            at = plain.IndexOf(oldText, at + oldText.Length, StringComparison.Ordinal);
        }

        return result.Append(text, copied, text.Length - copied).ToString();

        // A place before the line end itself stays before its \r.
        int InText(int position)
        {
            int index = cuts.BinarySearch(position);
            return position + (index < 0 ? ~index : index);
        }
    }

    /// <summary>The line end of the line that holds a place, or of the line before the last.</summary>
    private static string Nearby(string text, int place)
    {
        int end = text.IndexOf('\n', place);
        end = end < 0 ? text.LastIndexOf('\n') : end;
        return end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
    }

    private static AgentException Invalid(string message) => new(ErrorCode.ToolArgumentsInvalid, message);
}
