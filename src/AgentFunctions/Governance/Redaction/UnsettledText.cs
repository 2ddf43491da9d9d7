namespace AgentFunctions.Governance.Redaction;

/// <summary>Finds from where on a text that is still being written may yet turn out to be a secret.</summary>
internal static class UnsettledText
{
    /// <summary>The longest reference to a character of HTML that is looked at.</summary>
    private const int LongestEntity = 34;

    /// <summary>The length of an escape such as <c>\u0041</c>.</summary>
    private const int UnitLength = 6;

    /// <summary>Gets how many bytes at the beginning of a text no further piece of it can change.</summary>
    /// <param name="text">The text up to now, as bytes.</param>
    /// <param name="known">The secrets.</param>
    public static int SettledLength(DecodedText text, KnownSecrets known) =>
        Math.Min(text.Text.Length, Settled(text, known, DecodedText.MaxDepth));

    private static int Settled(DecodedText text, KnownSecrets known, int depth)
    {
        // Half an escape, and half an escape within that. Whatever it turns out to be, what may go on in it begins before it.
        for (int escape = BeginOfEscape(text.Text); escape < text.Text.Length; escape = BeginOfEscape(text.Text))
        {
            text = text.Head(escape);
        }

        return Math.Min(text.OriginEnd(text.Text.Length), Form(text, known, depth));
    }

    private static int Form(DecodedText text, KnownSecrets known, int depth)
    {
        int settled = Hold(text, known);
        if (known.HaveSpaces && text.Text.Contains('+'))
        {
            settled = Math.Min(settled, Hold(text.WithSpaces(), known));
        }

        return depth > 1 && text.Decode() is { } decoded ? Math.Min(settled, Settled(decoded, known, depth - 1)) : settled;
    }

    /// <summary>Where the first text must be cut for one of its decoded forms.</summary>
    private static int Hold(DecodedText text, KnownSecrets known)
    {
        ReadOnlySpan<char> span = text.Text;
        int hold = Math.Min(known.BeginOfSpelling(span), BeginOfShape(span));
        // The letter of base64 before a secret may hold a part of it.
        if (known.Values.Count > 0 && hold > 0 && MaskFinder.IsBase64(span[hold - 1]))
        {
            hold--;
        }

        return text.OriginEnd(hold);
    }

    /// <summary>Where an escape begins whose end is still to come.</summary>
    private static int BeginOfEscape(ReadOnlySpan<char> text)
    {
        int begin = text.Length;
        int percent = text.LastIndexOf('%');
        if (percent >= 0 && percent >= text.Length - 2 && (percent == text.Length - 1 || char.IsAsciiHexDigit(text[^1])))
        {
            begin = percent;
        }

        int entity = text.LastIndexOf('&');
        if (entity >= 0 && text.Length - entity <= LongestEntity && IsBeginOfEntity(text[(entity + 1)..]))
        {
            begin = Math.Min(begin, entity);
        }

        int slash = text.LastIndexOf('\\');
        if (slash >= 0 && IsBeginOfUnit(text[slash..]))
        {
            begin = Math.Min(begin, slash);
        }

        // Half a pair of units waits for the other half.
        int high = Math.Min(begin, text.Length) - UnitLength;
        if (high >= 0 && Core.Text.Surrogates.Escape(text, high) is { } unit && char.IsHighSurrogate(unit))
        {
            begin = high;
        }

        return begin;
    }

    private static bool IsBeginOfEntity(ReadOnlySpan<char> name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '#')
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsBeginOfUnit(ReadOnlySpan<char> text)
    {
        if (text.Length >= UnitLength || (text.Length > 1 && text[1] != 'u'))
        {
            return false;
        }

        foreach (char c in text[Math.Min(2, text.Length)..])
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Where a credential begins that the text's end may belong to.</summary>
    private static int BeginOfShape(ReadOnlySpan<char> text)
    {
        for (int at = 0; at < text.Length && text[at..].IndexOfAny(CredentialShapes.Marks) is var found and >= 0; at += found + 1)
        {
            int start = at + found;
            foreach (CredentialShape shape in CredentialShapes.All)
            {
                if (shape.MayGoOn(text[start..]))
                {
                    return start;
                }
            }
        }

        return text.Length;
    }
}
