using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using AgentFunctions.Core;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Seals what an entry says in words of a run under the key of its tree, so that destroying the key erases the words and leaves
/// the chain as it is. The chain and its signatures cover the sealed bytes.
/// </summary>
internal sealed class AuditSeal(TreeKeys keys, Redactor? redactor)
{
    private const int NonceLength = 12;

    /// <summary>The longest place that is written without memory of its own, in bytes; hardly any is longer.</summary>
    private const int MostOnStack = 256;

    /// <summary>
    /// Gets an entry as it is stored: with sealed texts, and its hashes under the key. What concerns no run stays in clear.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async ValueTask<AuditEntry> CloseAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        if ((entry.RootId ?? entry.RunId) is not { } run || AuditTypes.IsOfErasure(entry.Type)
            || AuditTexts.Of(entry) is not { } texts)
        {
            return entry;
        }

        string root = TreeKeys.RootOf(run);
        if (await keys.TryGetAsync(root, cancellationToken).ConfigureAwait(false) is not { } key)
        {
            // The tree was erased: what is written of it later may say that something happened, not what.
            return Without(entry) with { Sealed = new AuditSealed(root, null, null) };
        }

        ReadOnlyMemory<byte> json = JsonScratch.Begin().Add(texts, AuditJsonContext.Default.AuditTexts);
        ReadOnlyMemory<byte> masked = redactor?.RedactJson(json) ?? json;
        byte[] sealedTexts = key.Seal(masked.Span, Place(entry, stackalloc byte[MostOnStack]));
        return entry with
        {
            Arguments = null,
            Outcome = null,
            Reason = null,
            ArgumentsHash = Mark(key, "arguments", entry.ArgumentsHash),
            OutcomeHash = Mark(key, "outcome", entry.OutcomeHash),
            Sealed = new AuditSealed(
                root, Base64Url.EncodeToString(sealedTexts.AsSpan(0, NonceLength)),
                Base64Url.EncodeToString(sealedTexts.AsSpan(NonceLength))),
        };
    }

    /// <summary>
    /// Gets an entry with its texts. If the key is gone, it stays without and says so; an entry of an earlier version is as it
    /// was.
    /// </summary>
    /// <param name="entry">The entry as it is stored.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async ValueTask<AuditEntry> OpenAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Sealed is not { N: { } nonce, Ct: { } text } sealedTexts)
        {
            return entry;
        }

        if (await FindKeyAsync(sealedTexts.K, cancellationToken).ConfigureAwait(false) is not { } key)
        {
            return entry with { Sealed = new AuditSealed(sealedTexts.K, null, null) };
        }

        return TryOpen(key, nonce, text, Place(entry, stackalloc byte[MostOnStack])) is { } texts
            ? entry with
            {
                Arguments = texts.Arguments,
                Outcome = texts.Outcome,
                Reason = texts.Reason,
                ArgumentsHash = texts.ArgumentsHash,
                OutcomeHash = texts.OutcomeHash,
                Sealed = null,
            }
            : entry;
    }

    /// <summary>The key; <see langword="null"/> if it is gone or cannot be unwrapped: the log stays readable without.</summary>
    private async ValueTask<TreeKey?> FindKeyAsync(string root, CancellationToken cancellationToken)
    {
        try
        {
            return await keys.FindAsync(root, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.DataFileUnusable)
        {
            return null;
        }
    }

    private static AuditTexts? TryOpen(TreeKey key, string nonce, string text, ReadOnlySpan<byte> place)
    {
        try
        {
            return key.Open([.. Base64Url.DecodeFromChars(nonce), .. Base64Url.DecodeFromChars(text)], place) is { } json
                ? JsonSerializer.Deserialize(json, AuditJsonContext.Default.AuditTexts)
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // It was altered, which the verifier tells.
            return null;
        }
    }

    private static AuditEntry Without(AuditEntry entry) =>
        entry with { Arguments = null, Outcome = null, Reason = null, ArgumentsHash = null, OutcomeHash = null };

    /// <summary>
    /// A hash that cannot be guessed: that of a short word could be, by whoever has the log and tries them all.
    /// </summary>
    private static string? Mark(TreeKey key, string what, string? hash) =>
        hash is null ? null : Convert.ToHexStringLower(key.Mark(Encoding.UTF8.GetBytes($"audit\n{what}\n{hash}")));

    /// <summary>What an entry is about, to which its sealed texts are bound: in no other entry can they be opened.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="memory">Where it is written, if it has room there.</param>
    private static ReadOnlySpan<byte> Place(AuditEntry entry, Span<byte> memory)
    {
        int length;
        while (!Utf8.TryWrite(memory, $"audit\n{entry.Type}\n{entry.RunId}\n{entry.Turn}\n{entry.Call}", out length))
        {
            memory = new byte[memory.Length * 2];
        }

        return memory[..length];
    }
}
