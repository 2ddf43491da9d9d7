using System.Text.Json;
using AgentFunctions.Governance.Identity;

namespace AgentFunctions.Governance.Audit;

/// <summary>Whether an audit log is as it was written.</summary>
/// <param name="Holds">Whether it is.</param>
/// <param name="Entries">How many entries were read.</param>
/// <param name="Head">
/// The hash of the last entry. Kept elsewhere and given to a later check, it proves that nothing was cut off the end.
/// </param>
/// <param name="BrokenAt">The number of the first entry that does not fit.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record AuditVerification(bool Holds, long Entries, string Head, long? BrokenAt = null, string? Problem = null);

/// <summary>Checks an audit log with the public keys alone: no host, no store, no network.</summary>
/// <remarks>
/// What it cannot see is that whole writes were cut off the end, since what is left was once the whole log: compare
/// <see cref="AuditVerification.Head"/> with one that was noted earlier.
/// </remarks>
public static class AuditVerifier
{
    /// <summary>Checks a log.</summary>
    /// <param name="lines">The entries as they are stored, from the first.</param>
    /// <param name="keys">The public keys that are trusted.</param>
    /// <param name="knownHead">A head that was noted earlier and must lie on the chain; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<AuditVerification> VerifyAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> lines, PublicKeySet keys, string? knownHead = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(keys);
        var chain = new Chain(keys, knownHead);
        await foreach (ReadOnlyMemory<byte> line in lines.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (chain.Add(line) is { } broken)
            {
                return broken;
            }
        }

        return chain.End();
    }

    private sealed class Chain(PublicKeySet keys, string? knownHead)
    {
        private readonly Dictionary<string, PublicKey> _keys = keys.Keys.ToDictionary(key => key.Kid, StringComparer.Ordinal);

        /// <summary>The last signed entry of each key: its signature vouches for all before it.</summary>
        private readonly Dictionary<string, (long Seq, ReadOnlyMemory<byte> Json, byte[] Signature)> _last = [];
        private string _hash = AuditLine.NoPrevious;
        private long _count;
        private bool _signed;
        private bool _headSeen = knownHead is null;

        public AuditVerification? Add(ReadOnlyMemory<byte> line)
        {
            (ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> checkpoint) = AuditLine.Split(line);
            try
            {
                AuditEntry entry = JsonSerializer.Deserialize(json.Span, AgentJsonContext.Default.AuditEntry)!;
                if (entry.Seq != _count)
                {
                    return Broken($"it is numbered {entry.Seq}: entries were removed, added or put in another order");
                }

                if (entry.Prev != _hash)
                {
                    return Broken(_count == 0 ? "the beginning of the log is missing" : $"the hash that it names is not that of entry {_count - 1}: one of the two was altered");
                }

                _signed = !checkpoint.IsEmpty;
                if (_signed && Remember(json, checkpoint) is { } problem)
                {
                    return Broken(problem);
                }
            }
            catch (Exception e) when (e is JsonException or FormatException or NullReferenceException)
            {
                return Broken("it cannot be read");
            }

            _hash = AuditLine.HashOf(line.Span);
            _headSeen |= _hash == knownHead;
            _count++;
            return null;
        }

        public AuditVerification End()
        {
            if (!_signed && _count > 0)
            {
                _count--;
                return Broken("it is the last one and bears no signature: the end of the log is missing");
            }

            foreach ((string kid, (long seq, ReadOnlyMemory<byte> json, byte[] signature)) in _last)
            {
                if (!_keys[kid].Verify(json.Span, signature))
                {
                    return new AuditVerification(false, _count, _hash, seq, "the signature is not over this entry: it, or one before it, was altered");
                }
            }

            return _headSeen
                ? new AuditVerification(true, _count, _hash)
                : new AuditVerification(false, _count, _hash, null, "the known head is not on the chain: the log was cut off or written anew");
        }

        private string? Remember(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> checkpoint)
        {
            AuditCheckpoint signed = JsonSerializer.Deserialize(checkpoint.Span, AgentJsonContext.Default.AuditCheckpoint)!;
            // Read and written again it must be the same bytes: otherwise some change would leave its meaning alone.
            if (!checkpoint.Span.SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(signed, AgentJsonContext.Default.AuditCheckpoint))
                || signed.Sig != signed.Sig.ToLowerInvariant())
            {
                return "its signature is not in the form that the log writes";
            }

            if (!_keys.ContainsKey(signed.Kid))
            {
                return $"it is signed with the key {signed.Kid}, which is not among the trusted ones";
            }

            _last[signed.Kid] = (_count, json, Convert.FromHexString(signed.Sig));
            return null;
        }

        private AuditVerification Broken(string problem) => new(false, _count, _hash, _count, $"Entry {_count}: {problem}.");
    }
}
