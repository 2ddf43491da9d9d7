using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Keys;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// Masked text with its truth beside it: the masked parts as they were, sealed under the key of their run tree. A JSON object
/// has them in one more member, so that it stays JSON; anything else on a last line.
/// </summary>
internal static class SealedText
{
    private const string Version = "1";
    private const int SpanHeader = 3 * sizeof(int);

    private static ReadOnlySpan<byte> Member => ",\"~sealed\":\""u8;

    private static ReadOnlySpan<byte> MemberEnd => "\"}"u8;

    private static ReadOnlySpan<byte> Line => "\n~sealed "u8;

    private static ReadOnlySpan<byte> LineEnd => "\n~\n"u8;

    /// <summary>Masks data and seals what was masked.</summary>
    /// <param name="data">The data.</param>
    /// <param name="masks">What is masked; at least one.</param>
    /// <param name="root">The tree whose key seals.</param>
    /// <param name="key">That key.</param>
    /// <param name="place">Where the data is kept: it can be opened nowhere else.</param>
    public static byte[] Write(ReadOnlyMemory<byte> data, IReadOnlyList<SecretMask> masks, string root, TreeKey key, string place)
    {
        byte[] shown = Redactor.Show(data, masks).ToArray();
        string text = $"{Version}.{root}.{Base64Url.EncodeToString(key.Seal(Spans(data.Span, masks), Place(place, shown)))}";
        return shown is [(byte)'{', .., (byte)'}'] && shown.Length > 2 && JsonStrings.TryFind(shown, out _)
            ? [.. shown.AsSpan(0, shown.Length - 1), .. Member, .. Encoding.ASCII.GetBytes(text), .. MemberEnd]
            : [.. shown, .. Line, .. Encoding.ASCII.GetBytes(text), .. LineEnd];
    }

    /// <summary>Tells sealed data from any other; <see langword="false"/> for nearly all.</summary>
    /// <param name="data">The data as it is stored.</param>
    /// <param name="found">The masked text, the tree and what was sealed.</param>
    public static bool TryRead(ReadOnlyMemory<byte> data, out SealedParts found)
    {
        ReadOnlySpan<byte> bytes = data.Span;
        found = default;
        bool isMember = bytes.EndsWith(MemberEnd);
        if (!isMember && !bytes.EndsWith(LineEnd))
        {
            return false;
        }

        ReadOnlySpan<byte> mark = isMember ? Member : Line;
        int tail = isMember ? MemberEnd.Length : LineEnd.Length;
        int at = bytes.LastIndexOf(mark);
        if (at < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> text = bytes[(at + mark.Length)..^tail];
        if (text.IndexOfAny("\"\\\n"u8) >= 0 || Encoding.ASCII.GetString(text).Split('.') is not [Version, var root, var encoded])
        {
            return false;
        }

        try
        {
            byte[] shown = isMember ? [.. bytes[..at], (byte)'}'] : bytes[..at].ToArray();
            found = new SealedParts(shown, root, Base64Url.DecodeFromChars(encoded));
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Puts the truth back; <see langword="null"/> if the data was altered or belongs elsewhere.</summary>
    /// <param name="parts">What <see cref="TryRead"/> found.</param>
    /// <param name="key">The key of its tree.</param>
    /// <param name="place">Where it was found.</param>
    public static byte[]? Open(SealedParts parts, TreeKey key, string place)
    {
        if (key.Open(parts.Sealed, Place(place, parts.Shown)) is not { } spans)
        {
            return null;
        }

        var truth = new MemoryStream(parts.Shown.Length + spans.Length);
        int at = 0;
        ReadOnlySpan<byte> rest = spans;
        while (!rest.IsEmpty)
        {
            int start = BinaryPrimitives.ReadInt32BigEndian(rest);
            int shown = BinaryPrimitives.ReadInt32BigEndian(rest[sizeof(int)..]);
            int length = BinaryPrimitives.ReadInt32BigEndian(rest[(2 * sizeof(int))..]);
            truth.Write(parts.Shown.AsSpan(at, start - at));
            truth.Write(rest.Slice(SpanHeader, length));
            at = start + shown;
            rest = rest[(SpanHeader + length)..];
        }

        truth.Write(parts.Shown.AsSpan(at));
        return truth.ToArray();
    }

    /// <summary>Each masked part: where its mask stands and how long it is, and what it hides.</summary>
    private static byte[] Spans(ReadOnlySpan<byte> data, IReadOnlyList<SecretMask> masks)
    {
        var spans = new byte[masks.Sum(static mask => SpanHeader + mask.Length)];
        Span<byte> rest = spans;
        int moved = 0;
        foreach (SecretMask mask in masks)
        {
            int shown = Encoding.UTF8.GetByteCount(mask.Text);
            BinaryPrimitives.WriteInt32BigEndian(rest, mask.Start + moved);
            BinaryPrimitives.WriteInt32BigEndian(rest[sizeof(int)..], shown);
            BinaryPrimitives.WriteInt32BigEndian(rest[(2 * sizeof(int))..], mask.Length);
            data.Slice(mask.Start, mask.Length).CopyTo(rest[SpanHeader..]);
            rest = rest[(SpanHeader + mask.Length)..];
            moved += shown - mask.Length;
        }

        return spans;
    }

    private static byte[] Place(string place, ReadOnlySpan<byte> shown) =>
        [.. Encoding.UTF8.GetBytes($"{Version}\n{place}\n"), .. SHA256.HashData(shown)];
}

/// <summary>Sealed data, taken apart.</summary>
/// <param name="Shown">The masked text.</param>
/// <param name="Root">The tree whose key sealed.</param>
/// <param name="Sealed">The truth of its masks.</param>
internal readonly record struct SealedParts(byte[] Shown, string Root, byte[] Sealed);
