using System.Buffers;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// Tells a private key from other text between the same marks. What stands between them is not shown, so nothing but a key may
/// pass: lines of base64 of one length, and what they decode to begins as a key does, or is at least no text.
/// </summary>
internal static class PrivateKeyText
{
    private static readonly SearchValues<char> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    /// <summary>The shortest text between the marks.</summary>
    private const int ShortestBody = 16;

    /// <summary>The longest name of a kind of key.</summary>
    private const int LongestKind = 42;

    private static readonly SearchValues<char> Kind = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ");

    /// <summary>Whether the mark at the end of a key that has begun is still to come.</summary>
    /// <param name="text">The text behind <c>-----BEGIN</c>.</param>
    public static bool MayGoOn(ReadOnlySpan<char> text)
    {
        const string Dashes = "-----";
        int length = text.IndexOfAnyExcept(Kind);
        if (length < 0)
        {
            return text.Length <= LongestKind;
        }

        ReadOnlySpan<char> rest = text[length..];
        if (rest.Length < Dashes.Length)
        {
            return Dashes.StartsWith(rest, StringComparison.Ordinal);
        }

        ReadOnlySpan<char> kind = text[..length];
        if (!rest.StartsWith(Dashes, StringComparison.Ordinal) || !kind.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> body = rest[Dashes.Length..];
        return body.Length < ShortestBody || body[ShortestBody..].IndexOf($"-----END{kind}-----", StringComparison.Ordinal) < 0;
    }

    /// <summary>Whether the text between the marks of a PEM block is a key.</summary>
    /// <param name="body">The text.</param>
    public static bool IsKey(ReadOnlySpan<char> body)
    {
        string[] lines = body.ToString().Split((char[])['\r', '\n', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        int first = lines.Length > 0 && lines[0] == "Proc-Type:" ? HeaderLength(lines) : 0;
        ReadOnlySpan<string> content = lines.AsSpan(first);
        if (content.IsEmpty)
        {
            return false;
        }

        foreach (ref readonly string line in content)
        {
            bool isLast = line == content[^1];
            if (line.AsSpan().ContainsAnyExcept(Base64)
                || (isLast ? line.Length > content[0].Length : line.Length != content[0].Length))
            {
                return false;
            }
        }

        string text = string.Concat(content).TrimEnd('=');
        var bytes = new byte[text.Length];
        return !text.Contains('=', StringComparison.Ordinal)
            && Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out int count)
            && (BeginsAsKey(bytes.AsSpan(0, count)) || (first > 0 && count % 8 == 0) || IsNoText(text, bytes.AsSpan(0, count)));
    }

    /// <summary>
    /// PKCS #1, #8 and SEC 1 begin with a sequence and a version or an algorithm, OpenSSH's own format with its name.
    /// </summary>
    private static bool BeginsAsKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("openssh-key-v1\0"u8))
        {
            return true;
        }

        if (bytes.Length < 8 || bytes[0] != 0x30)
        {
            return false;
        }

        int header = bytes[1] < 0x80 ? 2 : 2 + (bytes[1] & 0x7f);
        return header <= 5 && bytes.Length > header + 3
            && (bytes[header..] is [0x02, 0x01, <= 0x01, ..]
                || bytes[header..] is [0x30, _, 0x06, ..] or [0x30, 0x81, _, 0x06, ..]);
    }

    /// <summary>Base64 of random bytes: letters of both cases and digits, and decoded mostly nothing that can be read.</summary>
    private static bool IsNoText(string text, ReadOnlySpan<byte> bytes)
    {
        int readable = 0;
        foreach (byte value in bytes)
        {
            readable += value is (>= 0x20 and < 0x7f) or 9 or 10 or 13 ? 1 : 0;
        }

        return bytes.Length >= 32 && readable < bytes.Length * 3 / 4
            && text.Any(char.IsAsciiLetterUpper) && text.Any(char.IsAsciiLetterLower) && text.Any(char.IsAsciiDigit);
    }

    /// <summary>Old encrypted keys name their cipher: <c>Proc-Type: 4,ENCRYPTED</c>, <c>DEK-Info: AES-128-CBC,…</c>.</summary>
    private static int HeaderLength(string[] words) =>
        words is [_, "4,ENCRYPTED", "DEK-Info:", { Length: < 64 } cipher, ..]
        && cipher.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or ',') ? 4 : 0;
}
