namespace AgentFunctions.Core.Text;

/// <summary>JSON as models write it.</summary>
internal static class JsonText
{
    /// <summary>The text without the Markdown fence that models like to put around JSON.</summary>
    public static string Unfenced(string text)
    {
        string trimmed = text.Trim();
        if (!trimmed.StartsWith("```", StringComparison.Ordinal) || !trimmed.EndsWith("```", StringComparison.Ordinal)
            || trimmed.Length < 6)
        {
            return trimmed;
        }

        int line = trimmed.IndexOf('\n', StringComparison.Ordinal);
        return line < 0 ? trimmed : trimmed[(line + 1)..^3].Trim();
    }

    /// <summary>The outermost object in a text, or <see langword="null"/>.</summary>
    public static string? Object(string text)
    {
        int start = text.IndexOf('{', StringComparison.Ordinal);
        int end = text.LastIndexOf('}');
        return start < 0 || end < start ? null : text[start..(end + 1)];
    }
}
