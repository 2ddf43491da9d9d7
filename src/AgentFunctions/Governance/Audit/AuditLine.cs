using System.Security.Cryptography;
using System.Text.Json;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// An entry as it is stored: its JSON, and for the last of those written together a line break and a signature over the
/// JSON. The next entry names the hash of all these bytes, so that a signature vouches for everything before it.
/// </summary>
internal static class AuditLine
{
    private const byte Break = (byte)'\n';

    /// <summary>Gets what the first entry names as the one before.</summary>
    public static string NoPrevious { get; } = new('0', 64);

    private static ReadOnlySpan<byte> Member => ",\"sealed\":"u8;

    public static byte[] Write(AuditEntry entry, SigningKey? signWith, Redactor? redactor = null)
    {
        byte[] written = JsonSerializer.SerializeToUtf8Bytes(entry with { Sealed = null }, AuditJsonContext.Default.AuditEntry);
        ReadOnlySpan<byte> json = redactor is null ? written : redactor.RedactJson(written.AsMemory()).Span;
        if (entry.Sealed is { } sealedTexts)
        {
            // After the masking, which might take a part of it for a secret.
            json = (byte[])[.. json[..^1], .. Member,
                .. JsonSerializer.SerializeToUtf8Bytes(sealedTexts, AuditJsonContext.Default.AuditSealed), (byte)'}'];
        }

        if (signWith is null)
        {
            return json.ToArray();
        }

        var checkpoint = new AuditCheckpoint(signWith.Public.Kid, Convert.ToHexStringLower(signWith.Sign(json)));
        return [.. json, Break, .. JsonSerializer.SerializeToUtf8Bytes(checkpoint, AuditJsonContext.Default.AuditCheckpoint)];
    }

    public static string HashOf(ReadOnlySpan<byte> line) => Convert.ToHexStringLower(SHA256.HashData(line));

    /// <summary>The JSON of the entry, and the signature's where there is one.</summary>
    public static (ReadOnlyMemory<byte> Json, ReadOnlyMemory<byte> Checkpoint) Split(ReadOnlyMemory<byte> line)
    {
        int at = line.Span.IndexOf(Break);
        return at < 0 ? (line, default) : (line[..at], line[(at + 1)..]);
    }

    public static AuditEntry Read(ReadOnlyMemory<byte> line) =>
        JsonSerializer.Deserialize(Split(line).Json.Span, AuditJsonContext.Default.AuditEntry)!;

    /// <summary>The entry; <see langword="null"/> if it cannot be read.</summary>
    public static AuditEntry? TryRead(ReadOnlyMemory<byte> line)
    {
        try
        {
            return line.IsEmpty ? null : Read(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A signature over an entry, and so over all before it.</summary>
/// <param name="Kid">The key.</param>
/// <param name="Sig">The signature (ES256) as lower-case hexadecimal digits.</param>
internal sealed record AuditCheckpoint(string Kid, string Sig);
