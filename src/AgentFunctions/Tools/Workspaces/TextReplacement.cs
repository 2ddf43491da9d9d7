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
    /// <exception cref="AgentException"><see cref="ErrorCode.ToolArgumentsInvalid"/>: nothing, or too much, would be replaced.</exception>
    public static TextReplacement Apply(string text, string oldText, string newText, bool all)
    {
        // read_file shows lines without their ends, so a model cannot know that a file has those of Windows.
        if (text.Contains("\r\n", StringComparison.Ordinal) && !HasBareNewline(text))
        {
            oldText = oldText.ReplaceLineEndings("\r\n");
            newText = newText.ReplaceLineEndings("\r\n");
        }

        if (oldText.Length == 0)
        {
            throw Invalid("old_text: is empty; quote the text to replace, or use write_file for a new file.");
        }

        if (oldText == newText)
        {
            throw Invalid("new_text: is the same as old_text, so nothing would change.");
        }

        int first = text.IndexOf(oldText, StringComparison.Ordinal);
        if (first < 0)
        {
            throw Invalid("old_text: is not in the file; read the file again and quote it exactly, white space and all.");
        }

        int count = 0;
        for (int at = first; at >= 0; at = text.IndexOf(oldText, at + oldText.Length, StringComparison.Ordinal))
        {
            count++;
        }

        // Overlapping places count too: 'aa' stands twice in 'aaa', and either could be meant.
        if (!all && text.IndexOf(oldText, first + 1, StringComparison.Ordinal) >= 0)
        {
            throw Invalid($"old_text: is in the file {Math.Max(count, 2)} times; quote more of its surroundings, or set replace_all to true.");
        }

        return new(text.Replace(oldText, newText, StringComparison.Ordinal), count, text.AsSpan(0, first).Count('\n') + 1);
    }

    private static bool HasBareNewline(string text)
    {
        for (int at = text.IndexOf('\n'); at >= 0; at = text.IndexOf('\n', at + 1))
        {
            if (at == 0 || text[at - 1] != '\r')
            {
                return true;
            }
        }

        return false;
    }

    private static AgentException Invalid(string message) => new(ErrorCode.ToolArgumentsInvalid, message);
}
