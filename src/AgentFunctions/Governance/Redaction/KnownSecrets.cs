using System.Buffers;
using System.Text;

namespace AgentFunctions.Governance.Redaction;

/// <summary>One spelling of a secret that is looked for.</summary>
/// <param name="Text">The spelling, as bytes of UTF-8, one character each.</param>
/// <param name="Mask">What is shown in its place.</param>
/// <param name="Why">Why, in words.</param>
/// <param name="IsPlain">Whether it is one short line.</param>
/// <param name="Before">How many characters of base64 before it hold a part of the secret too.</param>
/// <param name="After">The same after it.</param>
internal sealed record SecretSpelling(string Text, string Mask, string Why, bool IsPlain, int Before = 0, int After = 0);

/// <summary>The secrets that the host knows by value, and everything that is looked for at once.</summary>
internal sealed class KnownSecrets
{
    private const int LongestPlain = 256;

    private static readonly SearchValues<char> Escapes = SearchValues.Create("%&\\");

    private readonly bool _haveEscapable;
    private readonly Dictionary<char, SecretSpelling[]> _byFirst;
    private readonly Dictionary<char, string[]> _begun;
    private readonly int _longest;

    public KnownSecrets(IReadOnlyList<(string Name, string Value)> values)
    {
        Values = values;
        HaveSpaces = values.Any(static known => known.Value.Contains(' ', StringComparison.Ordinal));
        _haveEscapable = values.Any(static known => known.Value.Any(static c => c is '"' or '\\' || c < ' '));
        Spellings = [.. values.SelectMany(known => SpellingsOf(known.Name, known.Value, HaveSpaces))
            .DistinctBy(static spelling => spelling.Text).OrderByDescending(static spelling => spelling.Text.Length)];
        _byFirst = Spellings.GroupBy(static spelling => spelling.Text[0])
            .ToDictionary(static group => group.Key, static group => group.ToArray());
        string[] all = [.. CredentialShapes.All.Select(static shape => shape.Mark),
            .. Spellings.Select(static spelling => spelling.Text)];
        Marks = SearchValues.Create(all, StringComparison.Ordinal);
        _begun = all.GroupBy(static text => text[0]).ToDictionary(static group => group.Key, static group => group.ToArray());
        _longest = all.Max(static text => text.Length);
    }

    public IReadOnlyList<(string Name, string Value)> Values { get; }

    /// <summary>Gets the longest first, so that a part of a longer one is not taken for a shorter one.</summary>
    public IReadOnlyList<SecretSpelling> Spellings { get; }

    /// <summary>Gets whether a plus sign may stand for a space of a secret.</summary>
    public bool HaveSpaces { get; }

    /// <summary>Gets what a text has that may have a secret.</summary>
    public SearchValues<string> Marks { get; }

    /// <summary>The longest spelling that stands at a place of a text.</summary>
    /// <param name="text">The text, from that place on.</param>
    public SecretSpelling? At(ReadOnlySpan<char> text)
    {
        foreach (SecretSpelling spelling in _byFirst.GetValueOrDefault(text[0]) ?? [])
        {
            if (text.StartsWith(spelling.Text, StringComparison.Ordinal))
            {
                return spelling;
            }
        }

        return null;
    }

    /// <summary>
    /// Where the longest end of a text begins that may become a secret, or the mark of a credential; its length if none does.
    /// </summary>
    /// <param name="text">The text up to now, as bytes.</param>
    public int BeginOfSpelling(ReadOnlySpan<char> text)
    {
        for (int at = Math.Max(0, text.Length - _longest + 1); at < text.Length; at++)
        {
            ReadOnlySpan<char> end = text[at..];
            foreach (string begun in _begun.GetValueOrDefault(end[0]) ?? [])
            {
                if (begun.Length > end.Length && begun.AsSpan().StartsWith(end, StringComparison.Ordinal))
                {
                    return at;
                }
            }
        }

        return text.Length;
    }

    /// <summary>Whether a text has a secret as it stands, or may have a credential.</summary>
    /// <param name="text">The text, as bytes.</param>
    public bool MayBeIn(ReadOnlySpan<char> text)
    {
        for (int at = 0; at < text.Length && text[at..].IndexOfAny(Marks) is var found and >= 0; at += found + 1)
        {
            if (At(text[(at + found)..]) is not null || MayBeCredential(text, at + found))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a credential may begin at a place of a text.</summary>
    public static bool MayBeCredential(ReadOnlySpan<char> text, int at)
    {
        foreach (CredentialShape shape in CredentialShapes.All)
        {
            if (shape.MayBeginAt(text, at))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a text has something that a decoder would undo, and that could spell a part of a secret.</summary>
    /// <param name="text">The text, as bytes.</param>
    /// <param name="hasShape">Whether the text may have a credential by shape, whose line breaks may be escaped.</param>
    public bool MayBeEscaped(ReadOnlySpan<char> text, bool hasShape)
    {
        for (int at = 0; text[at..].IndexOfAny(Escapes) is var found and >= 0; at += found + 1)
        {
            ReadOnlySpan<char> rest = text[(at + found)..];
            bool isEscape = rest switch
            {
                ['\\', 'u' or '/', ..] => true,
                ['\\', ..] => _haveEscapable || hasShape,
                ['%', var high, var low, ..] => char.IsAsciiHexDigit(high) && char.IsAsciiHexDigit(low),
                ['&', var first, ..] => first == '#' || char.IsAsciiLetter(first),
                _ => false,
            };
            if (isEscape)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A text with all its escapes undone.</summary>
    internal static DecodedText Plain(DecodedText text)
    {
        while (text.Decode() is { } next)
        {
            text = next;
        }

        return text;
    }

    private static IEnumerable<SecretSpelling> SpellingsOf(string name, string value, bool withSpaces)
    {
        bool isPlain = value.Length <= LongestPlain && !value.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c));
        var spelling = new SecretSpelling("", $"[secret:{name}]", $"the secret '{name}'", isPlain);
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        string latin = Encoding.Latin1.GetString(bytes);
        yield return spelling with { Text = latin };

        // A secret that looks escaped itself is undone with the text around it.
        DecodedText plain = Plain(new DecodedText(latin.ToCharArray(), latin.Length));
        yield return spelling with { Text = plain.Text.ToString() };
        if (withSpaces)
        {
            yield return spelling with { Text = plain.WithSpaces().Text.ToString() };
        }

        for (int offset = 0; offset < 3; offset++)
        {
            (string text, int before, int after) = Base64At(bytes, offset);
            yield return spelling with { Text = text, Before = before, After = after };
            yield return spelling with { Text = text.Replace('+', '-').Replace('/', '_'), Before = before, After = after };
            foreach (SecretSpelling twice in TwiceBase64(spelling, text))
            {
                yield return twice;
            }
        }
    }

    // Base64 of base64, whose letters are the same in both alphabets.
    private static IEnumerable<SecretSpelling> TwiceBase64(SecretSpelling spelling, string inner)
    {
        foreach (string text in new[] { inner, inner.Replace('+', '-').Replace('/', '_') }.Distinct())
        {
            for (int offset = 0; offset < 3; offset++)
            {
                (string outer, int before, int after) = Base64At(Encoding.ASCII.GetBytes(text), offset);
                yield return spelling with { Text = outer, Before = before, After = after };
            }
        }
    }

    /// <summary>The characters of base64 that a value alone decides where so many bytes stand before it.</summary>
    private static (string Text, int Before, int After) Base64At(byte[] value, int offset)
    {
        string text = Convert.ToBase64String([.. new byte[offset], .. value]);
        int start = ((offset * 8) + 5) / 6;
        int bits = (offset + value.Length) * 8;
        return (text[start..(bits / 6)], offset == 0 ? 0 : 1, bits % 6 == 0 ? 0 : 1);
    }
}
