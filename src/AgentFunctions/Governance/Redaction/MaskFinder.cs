using System.Text.RegularExpressions;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Finds what must not be shown in one text, in every spelling that a decoder would undo.</summary>
internal static class MaskFinder
{
    /// <summary>Whether a text must be looked at at all: in most nothing is a mark or an escape.</summary>
    /// <param name="text">The text, or JSON, as bytes.</param>
    /// <param name="known">The secrets.</param>
    public static bool MustLook(ReadOnlySpan<char> text, KnownSecrets known) =>
        known.MayBeIn(text) || (known.HaveSpaces && text.Contains('+')) || known.MayBeEscaped(text, hasShape: false);

    /// <summary>Whether a text may have a secret; hardly any has.</summary>
    /// <param name="text">The text, or JSON, as bytes.</param>
    /// <param name="known">The secrets.</param>
    public static bool MayFind(DecodedText text, KnownSecrets known)
    {
        for (int depth = 0; depth < DecodedText.MaxDepth; depth++)
        {
            ReadOnlySpan<char> span = text.Text;
            if (known.MayBeIn(span) || (known.HaveSpaces && span.Contains('+') && known.MayBeIn(text.WithSpaces().Text)))
            {
                return true;
            }

            if (!known.MayBeEscaped(span, hasShape: false) || text.Decode(withOrigin: false) is not { } decoded)
            {
                return false;
            }

            text = decoded;
        }

        return false;
    }

    /// <summary>Adds the masks of a text.</summary>
    /// <param name="text">The text, as bytes.</param>
    /// <param name="known">The secrets.</param>
    /// <param name="masks">Where to add them; they may overlap.</param>
    public static void Find(DecodedText text, KnownSecrets known, List<SecretMask> masks)
    {
        for (int depth = 0; depth < DecodedText.MaxDepth; depth++)
        {
            bool hasShape = FindOnce(text, known, masks);
            if (known.HaveSpaces && text.Text.Contains('+'))
            {
                FindOnce(text.WithSpaces(), known, masks);
            }

            if (!known.MayBeEscaped(text.Text, hasShape) || text.Decode() is not { } decoded)
            {
                return;
            }

            text = decoded;
        }
    }

    private static bool FindOnce(DecodedText text, KnownSecrets known, List<SecretMask> masks)
    {
        ReadOnlySpan<char> span = text.Text;
        bool hasShape = false;
        for (int at = 0; at < span.Length && span[at..].IndexOfAny(known.Marks) is var found and >= 0; at += found + 1)
        {
            int start = at + found;
            SecretSpelling? match = known.At(span[start..]);
            hasShape |= match is null && KnownSecrets.MayBeCredential(span, start);
            if (match is not null)
            {
                int from = match.Before > 0 && start > 0 && IsBase64(span[start - 1]) ? start - 1 : start;
                int to = start + match.Text.Length;
                to += match.After > 0 && to < span.Length && IsBase64(span[to]) ? 1 : 0;
                (int origin, int length) = text.Origin(from, to - from);
                masks.Add(new SecretMask(origin, length, match.Mask, match.Why, match.IsPlain));
            }
        }

        if (hasShape)
        {
            FindShapes(text, masks);
        }

        return hasShape;
    }

    private static void FindShapes(DecodedText text, List<SecretMask> masks)
    {
        string whole = text.Text.ToString();
        foreach (CredentialShape shape in CredentialShapes.All)
        {
            if (!whole.Contains(shape.Mark, StringComparison.Ordinal))
            {
                continue;
            }

            foreach (Match match in shape.Expression.Matches(whole))
            {
                if (shape.Check?.Invoke(match) ?? true)
                {
                    (int origin, int length) = text.Origin(match.Index, match.Length);
                    masks.Add(new SecretMask(origin, length, "[secret]", $"it has the shape of {shape.Name}", shape.IsPlain));
                }
            }
        }
    }

    /// <summary>Whether a character is one of base64, in either alphabet.</summary>
    public static bool IsBase64(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '-' or '_';
}
