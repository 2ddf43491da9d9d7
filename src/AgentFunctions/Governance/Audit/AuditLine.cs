using System.Security.Cryptography;
using System.Text.Json;
using AgentFunctions.Core;
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

    /// <summary>Writes an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="signWith">The key that signs it, for the last of those written together.</param>
    /// <param name="redactor">Masks what is not sealed.</param>
    /// <param name="texts">Its sealed texts, if they are not in the entry itself.</param>
    public static byte[] Write(AuditEntry entry, SigningKey? signWith, Redactor? redactor = null, AuditSealed? texts = null)
    {
        texts ??= entry.Sealed;
        JsonScratch scratch = JsonScratch.Begin();
        ReadOnlyMemory<byte> json = scratch.Add(entry.Sealed is null ? entry : entry with { Sealed = null },
            AuditJsonContext.Default.AuditEntry);
        json = redactor?.RedactJson(json) ?? json;
        // After the masking, which might take a part of it for a secret.
        ReadOnlyMemory<byte> sealedTexts = texts is null ? default : scratch.Add(texts, AuditJsonContext.Default.AuditSealed);
        int start = scratch.Count;
        if (sealedTexts.IsEmpty)
        {
            scratch.Add(json.Span);
        }
        else
        {
            scratch.Add(json.Span[..^1]);
            scratch.Add(Member);
            scratch.Add(sealedTexts.Span);
            scratch.Add("}"u8);
        }

        if (signWith is not null)
        {
            string signature = Convert.ToHexStringLower(signWith.Sign(scratch.From(start).Span));
            scratch.Add([Break]);
            scratch.Add(new AuditCheckpoint(signWith.Public.Kid, signature), AuditJsonContext.Default.AuditCheckpoint);
        }

        return scratch.From(start).ToArray();
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
