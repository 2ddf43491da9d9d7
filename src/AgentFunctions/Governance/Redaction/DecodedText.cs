using System.Buffers;
using System.Globalization;
using System.Text;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// A text as a decoder would see it, and where each of its characters comes from. Texts are handled as bytes of UTF-8, one
/// character each, so that a percent sign and two digits are one character too.
/// </summary>
internal sealed class DecodedText
{
    /// <summary>How often escapes within escapes are undone.</summary>
    public const int MaxDepth = 8;

    private static readonly SearchValues<char> Escapes = SearchValues.Create("\\%&");

    private readonly DecodedText? _from;
    private readonly char[] _text;
    private readonly int[]? _starts;
    private readonly int[]? _ends;
    private readonly int _length;

    public DecodedText(char[] text, int length) => (_text, _length) = (text, length);

    private DecodedText(DecodedText? from, char[] text, int[]? starts, int[]? ends, int length) =>
        (_from, _text, _starts, _ends, _length) = (from, text, starts, ends, length);

    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>The part of the first text that a part of this one comes from.</summary>
    public (int Start, int Length) Origin(int start, int length)
    {
        int from = start;
        int to = start + length - 1;
        int end = to + 1;
        for (DecodedText text = this; text._from is not null; text = text._from)
        {
            end = text._ends![end - 1];
            from = text._starts![from];
        }

        return (from, end - from);
    }

    /// <summary>Where the part of the first text ends that so many characters of this one come from.</summary>
    public int OriginEnd(int length) => length == 0 ? 0 : Origin(length - 1, 1) is var (start, count) ? start + count : 0;

    /// <summary>The beginning of the text.</summary>
    public DecodedText Head(int length) => new(_from, _text, _starts, _ends, length);

    /// <summary>What is left when every escape is undone once; <see langword="null"/> if there is none.</summary>
    /// <param name="jsonOnly">Only the escapes of JSON: the way into a JSON string.</param>
    /// <param name="withOrigin">Whether to remember where each character comes from.</param>
    public DecodedText? Decode(bool jsonOnly = false, bool withOrigin = true)
    {
        var output = new Output(_length, withOrigin);
        ReadOnlySpan<char> text = Text;
        bool changed = false;
        for (int at = 0; at < text.Length;)
        {
            int plain = text[at..].IndexOfAny(Escapes);
            plain = plain < 0 ? text.Length - at : plain;
            output.Add(text.Slice(at, plain), at);
            at += plain;
            if (at == text.Length)
            {
                break;
            }

            int used = text[at] switch
            {
                '\\' => JsonEscape(text[at..], output, at),
                '%' when !jsonOnly => Percent(text[at..], output, at),
                '&' when !jsonOnly => Entity(text[at..], output, at),
                _ => 0,
            };
            changed |= used > 0;
            if (used == 0)
            {
                output.Add(text[at], at, at + 1);
                used = 1;
            }

            at += used;
        }

        return changed ? output.Done(this) : null;
    }

    /// <summary>The text with every plus sign as the space that forms mean by it.</summary>
    public DecodedText WithSpaces()
    {
        var output = new Output(_length, withOrigin: true);
        ReadOnlySpan<char> text = Text;
        for (int at = 0; at < text.Length; at++)
        {
            output.Add(text[at] == '+' ? ' ' : text[at], at, at + 1);
        }

        return output.Done(this);
    }

    private static int JsonEscape(ReadOnlySpan<char> text, Output output, int at)
    {
        if (text.Length < 2)
        {
            return 0;
        }

        char plain = text[1] switch
        {
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => '\0'
        };
        if (plain != '\0')
        {
            output.Add(plain, at, at + 2);
            return 2;
        }

        if (Unit(text) is not { } high)
        {
            return 0;
        }

        if (char.IsHighSurrogate(high) && Unit(text[6..]) is { } low && char.IsLowSurrogate(low))
        {
            output.Add(new Rune(high, low), at, at + 12);
            return 12;
        }

        output.Add(char.IsSurrogate(high) ? Rune.ReplacementChar : new Rune(high), at, at + 6);
        return 6;
    }

    private static char? Unit(ReadOnlySpan<char> text) =>
        text.Length >= 6 && text[0] == '\\' && text[1] == 'u'
        && ushort.TryParse(text.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit)
        ? (char)unit
        : null;

    private static int Percent(ReadOnlySpan<char> text, Output output, int at)
    {
        if (text.Length < 3 || !byte.TryParse(text.Slice(1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
            out byte value))
        {
            return 0;
        }

        output.Add((char)value, at, at + 3);
        return 3;
    }

    private static int Entity(ReadOnlySpan<char> text, Output output, int at)
    {
        bool isNumber = text is ['&', '#', ..];
        bool isHex = text is ['&', '#', 'x' or 'X', ..];
        int end = isHex ? 3 : isNumber ? 2 : 1;
        while (end < text.Length && end < 34
            && (isHex ? char.IsAsciiHexDigit(text[end]) : isNumber
                ? char.IsAsciiDigit(text[end])
                : char.IsAsciiLetterOrDigit(text[end])))
        {
            end++;
        }

        bool isClosed = end < text.Length && text[end] == ';';
        ReadOnlySpan<char> name = text[1..end];
        Rune? rune = name is ['#', ..] ? Number(name[1..]) : isClosed ? HtmlEntities.Find(name) : null;
        if (rune is not { } found)
        {
            return 0;
        }

        int used = isClosed ? end + 1 : end;
        output.Add(found, at, at + used);
        return used;
    }

    private static Rune? Number(ReadOnlySpan<char> digits)
    {
        bool isRead = digits is ['x' or 'X', .. var hex]
            ? int.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value)
            : int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        return isRead && Rune.IsValid(value) ? new Rune(value) : null;
    }

    private sealed class Output(int capacity, bool withOrigin)
    {
        private readonly char[] _text = new char[capacity];
        private readonly int[]? _starts = withOrigin ? new int[capacity] : null;
        private readonly int[]? _ends = withOrigin ? new int[capacity] : null;
        private int _length;

        public void Add(char c, int start, int end)
        {
            _text[_length] = c;
            if (_starts is not null)
            {
                _starts[_length] = start;
                _ends![_length] = end;
            }

            _length++;
        }

        public void Add(ReadOnlySpan<char> run, int start)
        {
            run.CopyTo(_text.AsSpan(_length));
            for (int i = 0; _starts is not null && i < run.Length; i++)
            {
                _starts[_length + i] = start + i;
                _ends![_length + i] = start + i + 1;
            }

            _length += run.Length;
        }

        public void Add(Rune rune, int start, int end)
        {
            Span<byte> bytes = stackalloc byte[4];
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                Add((char)value, start, end);
            }
        }

        public DecodedText Done(DecodedText from) => new(from, _text, _starts, _ends, _length);
    }
}
