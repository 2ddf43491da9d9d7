namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>
/// The places at which the text of a message is cut into pieces. They depend on the text alone, so the number of the last piece
/// tells how much of it a client has, and the rest can be made of the recorded text.
/// </summary>
internal static class TextCuts
{
    /// <summary>The most pieces of a text; the last one has all that is left.</summary>
    public const int Most = 500;

    /// <summary>Gets the length of a piece.</summary>
    /// <param name="text">The text as far as it is known.</param>
    /// <param name="at">Where the piece begins.</param>
    /// <param name="number">The number of the piece, from 0.</param>
    /// <param name="isWhole">Whether more text may follow.</param>
    /// <returns>The length in UTF-16 units; 0 if there is no piece, or it is not known yet where it ends.</returns>
    public static int Next(ReadOnlySpan<char> text, int at, int number, bool isWhole)
    {
        int left = text.Length - at;
        if (left <= 0)
        {
            return 0;
        }

        int size = number switch
        {
            < 128 => 16,
            < 256 => 64,
            < 384 => 256,
            < Most - 1 => 4_096,
            _ => int.MaxValue,
        };
        if (left < size)
        {
            return isWhole ? left : 0;
        }

        // A surrogate pair is not torn apart.
        bool isSplit = char.IsHighSurrogate(text[at + size - 1]);
        return !isSplit ? size : left > size ? size + 1 : isWhole ? size : 0;
    }
}
