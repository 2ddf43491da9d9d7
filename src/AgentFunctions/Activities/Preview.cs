namespace AgentFunctions.Activities;

/// <summary>The beginning of a text, for places that must stay small.</summary>
internal static class Preview
{
    public static string? Of(string? text, int limit)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (text.Length <= limit)
        {
            return text;
        }

        int end = char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit;
        return string.Concat(text.AsSpan(0, end), "…");
    }
}
