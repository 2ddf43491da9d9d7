using System.Buffers;
using System.Text;
using System.Text.Json;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// Masks secrets in what is shown: values that the host knows, in every encoding that a decoder would undo, and anything that
/// looks like a credential. What is executed, hashed or compared is never redacted.
/// </summary>
/// <remarks>
/// The spellings: percent-encoding and form encoding, whole or in part; the escapes of JSON and of JSON in JSON; the entities of
/// HTML by name and number; base64 and base64url at any alignment.
/// </remarks>
public sealed class Redactor
{
    /// <summary>
    /// Specifies the length of the shortest value that is masked. Shorter ones occur by chance in too many places.
    /// </summary>
    public const int ShortestSecret = 8;

    private readonly Lock _gate = new();
    private volatile KnownSecrets _known = new([]);

    /// <summary>Gets the number of values that are masked.</summary>
    internal int Count => _known.Values.Count;

    /// <summary>Adds a value to mask from now on.</summary>
    /// <param name="name">What stands in its place: <c>[secret:name]</c>.</param>
    /// <param name="value">The value; one of fewer than <see cref="ShortestSecret"/> characters is ignored.</param>
    public void Add(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        if (value.Length < ShortestSecret)
        {
            return;
        }

        lock (_gate)
        {
            if (!_known.Values.Any(known => known.Value == value))
            {
                _known = new KnownSecrets([.. _known.Values, (name, value)]);
            }
        }
    }

    /// <summary>Gets a text without secrets.</summary>
    /// <param name="text">The text.</param>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    public string? Redact(string? text) => Show(text, FindInText);

    /// <summary>Gets bytes without secrets: the same ones if there are none.</summary>
    /// <param name="data">UTF-8 text, or anything else.</param>
    public ReadOnlyMemory<byte> Redact(ReadOnlyMemory<byte> data) => Show(data, FindInText(data.Span));

    /// <summary>Gets JSON whose string values are without secrets. Numbers, names and structure stay as they are.</summary>
    /// <param name="json">The JSON; other text is redacted as text.</param>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(json))]
    public string? RedactJson(string? json) => Show(json, FindInJson);

    /// <summary>Gets JSON whose string values are without secrets. Numbers, names and structure stay as they are.</summary>
    /// <param name="json">The JSON; other bytes are redacted as text.</param>
    public ReadOnlyMemory<byte> RedactJson(ReadOnlyMemory<byte> json) => Show(json, FindInJson(json.Span));

    /// <summary>Gets free JSON for people to read: strings, names and numbers without secrets, and still JSON.</summary>
    /// <param name="value">The JSON, for instance a call's arguments.</param>
    public JsonElement RedactFree(JsonElement value) =>
        value.ValueKind != JsonValueKind.Undefined && MayFind(Encoding.UTF8.GetBytes(value.GetRawText()), _known)
        ? FreeJson.Write(value, this)
        : value;

    /// <summary>Gets whether bytes may have a secret; where not, there is nothing to mask in them.</summary>
    internal bool MayFind(ReadOnlySpan<byte> bytes) => MayFind(bytes, _known);

    internal IReadOnlyList<SecretMask> FindInText(ReadOnlySpan<byte> text)
    {
        KnownSecrets known = _known;
        if (!MayFind(text, known))
        {
            return [];
        }

        List<SecretMask> masks = [];
        MaskFinder.Find(new DecodedText(Characters(text), text.Length), known, masks);
        return SecretMask.Join(masks);
    }

    /// <summary>Finds what must not be shown of a text that is still being written.</summary>
    /// <param name="text">The text up to now (UTF-8), cut at a character.</param>
    /// <param name="isLast">Whether the text is whole.</param>
    /// <param name="settled">How many bytes at its beginning can be shown, whatever comes; it lies within no mask.</param>
    internal IReadOnlyList<SecretMask> FindInPart(ReadOnlySpan<byte> text, bool isLast, out int settled)
    {
        KnownSecrets known = _known;
        var whole = new DecodedText(Characters(text), text.Length);
        List<SecretMask> found = [];
        if (MaskFinder.MayFind(whole, known))
        {
            MaskFinder.Find(whole, known, found);
        }

        IReadOnlyList<SecretMask> masks = SecretMask.Join(found);
        settled = isLast ? text.Length : UnsettledText.SettledLength(whole, known);
        // Neither within a character nor within a mask.
        while (settled > 0 && settled < text.Length && (text[settled] & 0xC0) == 0x80)
        {
            settled--;
        }

        for (int i = masks.Count - 1; i >= 0; i--)
        {
            settled = masks[i].Start < settled && settled < masks[i].End ? masks[i].Start : settled;
        }

        return masks;
    }

    internal IReadOnlyList<SecretMask> FindInJson(ReadOnlySpan<byte> json)
    {
        KnownSecrets known = _known;
        if (!MayFind(json, known))
        {
            return [];
        }

        if (!JsonStrings.TryFind(json, out List<Range> strings))
        {
            return FindInText(json);
        }

        List<SecretMask> masks = [];
        foreach (Range range in strings)
        {
            masks.AddRange(FindInString(json[range], known).Select(mask => mask with
            {
                Start = mask.Start + range.Start.Value,
                Text = JsonEncodedText.Encode(mask.Text, Durability.DurableJson.Options.Encoder).ToString(),
            }));
        }

        return masks;
    }

    /// <summary>Puts what is shown in the place of what is not.</summary>
    internal static ReadOnlyMemory<byte> Show(ReadOnlyMemory<byte> data, IReadOnlyList<SecretMask> masks)
    {
        if (masks.Count == 0)
        {
            return data;
        }

        var shown = new MemoryStream(data.Length);
        int at = 0;
        foreach (SecretMask mask in masks)
        {
            shown.Write(data.Span[at..mask.Start]);
            shown.Write(Encoding.UTF8.GetBytes(mask.Text));
            at = mask.End;
        }

        shown.Write(data.Span[at..]);
        return shown.ToArray();
    }

    private static IReadOnlyList<SecretMask> FindInString(ReadOnlySpan<byte> content, KnownSecrets known)
    {
        // An escape of the string itself is undone first: a mask must not cut one in two.
        var raw = new DecodedText(Characters(content), content.Length);
        DecodedText text = raw.Decode(jsonOnly: true) ?? raw;
        if (!MaskFinder.MayFind(text, known))
        {
            return [];
        }

        List<SecretMask> masks = [];
        MaskFinder.Find(text, known, masks);
        return SecretMask.Join(masks);
    }

    private string? Show(string? text, Finder find)
    {
        if (string.IsNullOrEmpty(text) || !MayFind(text))
        {
            return text;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        IReadOnlyList<SecretMask> masks = find(bytes);
        return masks.Count == 0 ? text : Encoding.UTF8.GetString(Show(bytes, masks).Span);
    }

    /// <summary>
    /// All that is written and shown comes by here, and hardly anything has a mark: one look for all of them at once.
    /// </summary>
    private static bool MayFind(ReadOnlySpan<byte> bytes, KnownSecrets known)
    {
        char[] characters = ArrayPool<char>.Shared.Rent(bytes.Length);
        try
        {
            Encoding.Latin1.GetChars(bytes, characters);
            return MaskFinder.MustLook(characters.AsSpan(0, bytes.Length), known)
                && MaskFinder.MayFind(new DecodedText(characters, bytes.Length), known);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters, clearArray: true);
        }
    }

    /// <summary>
    /// The same for a text that is no bytes yet: those of ASCII, as most are, need not be made.
    /// </summary>
    internal bool MayFind(string text)
    {
        if (!Ascii.IsValid(text))
        {
            return true;
        }

        KnownSecrets known = _known;
        if (!MaskFinder.MustLook(text, known))
        {
            return false;
        }

        char[] characters = ArrayPool<char>.Shared.Rent(text.Length);
        try
        {
            text.CopyTo(characters);
            return MaskFinder.MayFind(new DecodedText(characters, text.Length), known);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters, clearArray: true);
        }
    }

    // Latin-1 gives every byte one character, so that expressions work on any bytes and leave the others alone.
    private static char[] Characters(ReadOnlySpan<byte> bytes)
    {
        var characters = new char[bytes.Length];
        Encoding.Latin1.GetChars(bytes, characters);
        return characters;
    }

    private delegate IReadOnlyList<SecretMask> Finder(ReadOnlySpan<byte> utf8);
}
