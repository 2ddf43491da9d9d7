using System.Text;

namespace AgentFunctions.Snapshots;

/// <summary>Merges two changes of a text, line by line, where they do not touch.</summary>
internal static class LineMerge
{
    private const int MaxBytes = 1 << 20;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Merges.</summary>
    /// <param name="origin">What both come from.</param>
    /// <param name="one">What one made of it.</param>
    /// <param name="other">What the other made of it.</param>
    /// <returns>
    /// The text with both changes; <see langword="null"/> if they touch the same lines, or one is not a text of at most 1 MiB.
    /// </returns>
    public static byte[]? Merge(ReadOnlyMemory<byte> origin, ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other)
    {
        if (LinesOf(origin) is not { } from || LinesOf(one) is not { } mine || LinesOf(other) is not { } theirs
            || LineDiff.Between(from, mine) is not { } first || LineDiff.Between(from, theirs) is not { } second)
        {
            return null;
        }

        if (first.Any(change => second.Any(against => Touch(change, against) && !IsSame(change, against))))
        {
            return null;
        }

        var merged = new StringBuilder();
        int place = 0;
        IEnumerable<LineChange> rest = second.Where(change => !first.Any(against => IsSame(change, against)));
        foreach (LineChange change in first.Concat(rest).OrderBy(static change => change.Start))
        {
            merged.AppendJoin("", from.Skip(place).Take(change.Start - place)).AppendJoin("", change.Lines);
            place = change.End;
        }

        return s_strict.GetBytes(merged.AppendJoin("", from.Skip(place)).ToString());
    }

    private static bool Touch(LineChange one, LineChange other) => one.Start <= other.End && other.Start <= one.End;

    private static bool IsSame(LineChange one, LineChange other) =>
        one.Start == other.Start && one.End == other.End && one.Lines.SequenceEqual(other.Lines);

    /// <summary>Splits a text behind each end of a line; <see langword="null"/> if it is none.</summary>
    private static List<string>? LinesOf(ReadOnlyMemory<byte> content)
    {
        if (content.Length > MaxBytes || content.Span.Contains((byte)0))
        {
            return null;
        }

        try
        {
            string text = s_strict.GetString(content.Span);
            var lines = new List<string>();
            for (int start = 0; start < text.Length;)
            {
                int end = text.IndexOf('\n', start) is var found and >= 0 ? found + 1 : text.Length;
                lines.Add(text[start..end]);
                start = end;
            }

            return lines;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
