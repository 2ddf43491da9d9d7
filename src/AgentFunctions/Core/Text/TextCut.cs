namespace AgentFunctions.Core.Text;

/// <summary>Shortens text without ever splitting a surrogate pair.</summary>
internal static class TextCut
{
    /// <summary>What stands for the rest of a text.</summary>
    public const string Ellipsis = "…";

    /// <summary>Gets the largest length, up to the one asked for, at which a text can be cut.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">The most UTF-16 units to keep.</param>
    public static int At(ReadOnlySpan<char> text, int length) =>
        length <= 0 ? 0
        : length >= text.Length ? text.Length
        : char.IsHighSurrogate(text[length - 1]) && char.IsLowSurrogate(text[length]) ? length - 1
        : length;

    /// <summary>Gets the beginning of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">The most UTF-16 units to keep.</param>
    public static string Head(string text, int length) => length >= text.Length ? text : text[..At(text, length)];

    /// <summary>Gets a text, or its beginning with a mark where it is longer.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">The most UTF-16 units to keep, the mark not counted.</param>
    /// <param name="mark">The mark.</param>
    public static string Shorten(string text, int length, string mark = Ellipsis) =>
        length >= text.Length ? text : string.Concat(text.AsSpan(0, At(text, length)), mark);
}
