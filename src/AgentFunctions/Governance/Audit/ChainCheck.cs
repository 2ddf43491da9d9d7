using System.Text.Json;
using AgentFunctions.Keys;

namespace AgentFunctions.Governance.Audit;

/// <summary>Checks one part of an audit log: its chain, its signatures, and what others say of it.</summary>
internal sealed class ChainCheck(string shard, PublicKeySet keys)
{
    private readonly Dictionary<string, PublicKey> _keys = keys.Keys.ToDictionary(static key => key.Kid, StringComparer.Ordinal);

    /// <summary>The last signed entry of each key: its signature vouches for all before it.</summary>
    private readonly Dictionary<string, (long Seq, ReadOnlyMemory<byte> Json, byte[] Signature)> _last = [];

    /// <summary>What the part must have, by its count of entries.</summary>
    private readonly Dictionary<long, string> _expected = [];

    /// <summary>The hashes of the entries of the chain of heads, which others name.</summary>
    private readonly List<UInt256> _hashes = [];
    private AuditHead? _cut;
    private bool _isSigned;
    private long _longest;

    /// <summary>Gets the name of the part; empty for the host's own.</summary>
    public string Shard => shard;

    /// <summary>Gets how many entries fit so far.</summary>
    public long Count { get; private set; }

    /// <summary>Gets how many of them are not there to join parts.</summary>
    public long Entries { get; private set; }

    /// <summary>Gets the hash of the last of them.</summary>
    public string Hash { get; private set; } = AuditLine.NoPrevious;

    /// <summary>Gets the first entry that does not fit.</summary>
    public long? BrokenAt { get; private set; }

    /// <summary>Gets what is wrong.</summary>
    public string? Problem { get; private set; }

    private string Prefix => shard.Length == 0
        ? "Entry"
        : $"{char.ToUpperInvariant(LogCheck.NameOf(shard)[0])}{LogCheck.NameOf(shard)[1..]}, entry";

    /// <summary>Notes that the part had grown so far at some moment.</summary>
    public void Expect(AuditHead head)
    {
        if (head.Count > Count)
        {
            _expected[head.Count] = head.Hash;
            _longest = Math.Max(_longest, head.Count);
        }
        else
        {
            EnsureHas(head, "an earlier check");
        }
    }

    /// <summary>
    /// Notes that the part may begin later, at the latest after this entry: what was before was deleted on purpose.
    /// </summary>
    public void CutAt(AuditHead cut) => _cut = _cut?.Count > cut.Count ? _cut : cut;

    /// <summary>Notes that another part names an entry of this one, which has been read.</summary>
    public void EnsureHas(AuditHead head, string by)
    {
        if (head.Count > Count)
        {
            Break(head.Count - 1,
                $"{by} names entry {head.Count - 1} of {LogCheck.NameOf(shard)}, which has {Count}: it was cut off, emptied or left out");
        }
        else if (head.Count < 1 || _hashes.Count < head.Count || _hashes[(int)head.Count - 1] != UInt256.Of(head.Hash))
        {
            Break(head.Count - 1,
                $"{by} names another entry {head.Count - 1} of {LogCheck.NameOf(shard)}: one of the two was written anew");
        }
    }

    /// <summary>Takes the next entry.</summary>
    /// <returns>Whether it fits.</returns>
    public bool Add(AuditEntry? entry, ReadOnlyMemory<byte> line)
    {
        if (Problem is not null)
        {
            return false;
        }

        if (Count == 0 && entry is { Seq: > 0 } && _cut is { } cut && entry.Seq <= cut.Count)
        {
            Begin(entry, cut);
        }

        if (FindProblem(entry, line) is { } problem)
        {
            Break(problem);
            return false;
        }

        Hash = AuditLine.HashOf(line.Span);
        Count++;
        Entries += entry!.JoinsParts ? 0 : 1;
        if (shard == AuditShards.Heads)
        {
            _hashes.Add(UInt256.Of(Hash));
        }

        if (_expected.Remove(Count, out string? expected) && expected != Hash)
        {
            Break(Count - 1, $"{Prefix} {Count - 1}: it is not the one that had been noted: the part was cut off and written anew.");
            return false;
        }

        return true;
    }

    /// <summary>Notes that the next entry does not fit.</summary>
    public void Break(string problem) => Break(Count, $"{Prefix} {Count}: {problem}.");

    /// <summary>Checks what is known only at the end.</summary>
    public void End()
    {
        if (Problem is null && !_isSigned && Count > 0)
        {
            Break(Count - 1, $"{Prefix} {Count - 1}: it is the last one and bears no signature: the end of the log is missing.");
        }

        foreach ((string kid, (long seq, ReadOnlyMemory<byte> json, byte[] signature)) in _last)
        {
            if (Problem is null && !_keys[kid].Verify(json.Span, signature))
            {
                Break(seq, $"{Prefix} {seq}: the signature is not over this entry: it, or one before it, was altered.");
            }
        }

        if (_longest > Count)
        {
            string name = LogCheck.NameOf(shard);
            Break(Count, Count == 0
                ? $"{char.ToUpperInvariant(name[0])}{name[1..]} is missing or was emptied: it had {_longest} entries."
                : $"{char.ToUpperInvariant(name[0])}{name[1..]} was cut off: it had {_longest} entries and has {Count}.");
        }
    }

    /// <summary>
    /// Begins with the first entry that is left. The one before it is known if it is the last that was cut off.
    /// </summary>
    private void Begin(AuditEntry first, AuditHead cut)
    {
        (Count, Hash) = (first.Seq, first.Prev);
        foreach (long count in _expected.Keys.Where(count => count < Count).ToArray())
        {
            _expected.Remove(count);
        }

        _expected[cut.Count] = cut.Hash;
        _longest = Math.Max(_longest, cut.Count);
        if (_expected.Remove(Count, out string? expected))
        {
            Hash = expected;
        }
    }

    private string? FindProblem(AuditEntry? entry, ReadOnlyMemory<byte> line)
    {
        if (entry is null)
        {
            return "it cannot be read";
        }

        if (entry.Seq != Count)
        {
            return $"it is numbered {entry.Seq}: entries were removed, added or put in another order";
        }

        if (entry.Prev != Hash)
        {
            return Count == 0
                ? "the beginning of the log is missing"
                : $"the hash that it names is not that of entry {Count - 1}: one of the two was altered";
        }

        (ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> checkpoint) = AuditLine.Split(line);
        _isSigned = !checkpoint.IsEmpty;
        try
        {
            return _isSigned ? Remember(json, checkpoint) : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or NullReferenceException)
        {
            return "it cannot be read";
        }
    }

    private string? Remember(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> checkpoint)
    {
        AuditCheckpoint signed = JsonSerializer.Deserialize(checkpoint.Span, AuditJsonContext.Default.AuditCheckpoint)!;
        // Read and written again it must be the same bytes: otherwise some change would leave its meaning alone.
        if (!checkpoint.Span.SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(signed, AuditJsonContext.Default.AuditCheckpoint))
            || signed.Sig.AsSpan().ContainsAnyInRange('A', 'Z'))
        {
            return "its signature is not in the form that the log writes";
        }

        if (!_keys.ContainsKey(signed.Kid))
        {
            return $"it is signed with the key {signed.Kid}, which is not among the trusted ones";
        }

        _last[signed.Kid] = (Count, json, Convert.FromHexString(signed.Sig));
        return null;
    }

    private void Break(long at, string problem)
    {
        if (Problem is null)
        {
            (BrokenAt, Problem) = (at, problem);
        }
    }

    /// <summary>A hash in the least space: the chain of heads of a year has millions.</summary>
    private readonly record struct UInt256(UInt128 High, UInt128 Low)
    {
        public static UInt256 Of(string? hash)
        {
            const System.Globalization.NumberStyles Hex = System.Globalization.NumberStyles.AllowHexSpecifier;
            return hash is { Length: 64 } && UInt128.TryParse(hash.AsSpan(0, 32), Hex, null, out UInt128 high)
                && UInt128.TryParse(hash.AsSpan(32), Hex, null, out UInt128 low) ? new UInt256(high, low) : default;
        }
    }
}
