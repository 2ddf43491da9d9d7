using AgentFunctions.Keys;


namespace AgentFunctions.Governance.Audit;

/// <summary>Checks the parts of one audit log, each as a chain, and against each other.</summary>
internal sealed class LogCheck
{
    private const string Own = "";

    private readonly Dictionary<string, ChainCheck> _parts = new(StringComparer.Ordinal);
    private readonly PublicKeySet _keys;
    private readonly string? _knownHead;
    private bool _isHeadSeen;
    private string? _last;

    public LogCheck(PublicKeySet keys, IReadOnlyCollection<AuditHead> known, string? knownHead)
    {
        (_keys, _knownHead) = (keys, knownHead);
        foreach (AuditHead head in known)
        {
            Part(head.Shard ?? Own).Expect(head);
        }
    }

    /// <summary>Takes the next entry.</summary>
    /// <param name="line">The entry as it is stored.</param>
    /// <param name="found">The part that it was found in; <see langword="null"/> if only the entry itself says it.</param>
    public void Add(ReadOnlyMemory<byte> line, string? found = null)
    {
        AuditEntry? entry = AuditLine.TryRead(line);
        string shard = found ?? (entry is null ? _last : entry.Shard) ?? Own;
        if (entry is not null && (entry.Shard ?? Own) != shard)
        {
            Part(shard).Break($"it belongs to {NameOf(entry.Shard ?? Own)}: parts of the log were exchanged");
            return;
        }

        if (shard != Own && !AuditShards.IsName(shard))
        {
            Part(_last ?? Own).Break($"it names the part '{shard}', which does not exist");
            return;
        }

        if (shard != _last && _last is not null && Order(shard) < Order(_last))
        {
            Part(shard).Break($"it stands after {NameOf(_last)}: parts of the log were exchanged, or put together in another order than an export's");
            return;
        }

        _last = shard;
        ChainCheck part = Part(shard);
        if (part.Add(entry, line))
        {
            _isHeadSeen |= part.Hash == _knownHead;
            Join(entry!, part);
        }
    }

    /// <summary>Gets the result.</summary>
    public AuditVerification End()
    {
        bool hasHeads = _parts.TryGetValue(AuditShards.Heads, out ChainCheck? heads) && heads.Count > 0;
        ChainCheck[] parts = [.. _parts.OrderBy(static part => Order(part.Key)).Select(static part => part.Value)];
        foreach (ChainCheck part in parts)
        {
            part.End();
        }

        ChainCheck[] broken = [.. parts.Where(static part => part.Problem is not null)];
        IEnumerable<string> problems = broken.Select(static part => part.Problem!);
        if (_knownHead is not null && !_isHeadSeen)
        {
            problems = problems.Append("the known head is not on the chain: the log was cut off or written anew");
        }

        string[] all = [.. problems];
        ChainCheck[] whole = [.. parts.Where(static part => part.Count > 0)];
        return new AuditVerification(
            all.Length == 0,
            parts.Sum(static part => part.Entries),
            hasHeads ? heads!.Hash : whole.LastOrDefault()?.Hash ?? AuditLine.NoPrevious,
            broken.Length == 0 ? null : broken[0].BrokenAt,
            all.Length == 0 ? null : string.Join('\n', all))
        {
            BrokenParts = broken.Length == 0 ? null : [.. broken.Select(static part => part.Shard.Length == 0
                ? AuditLog.Stream
                : part.Shard)],
            Heads = [.. whole.Select(static part => new AuditHead(part.Shard.Length == 0 ? null : part.Shard, part.Count,
                part.Hash))],
        };
    }

    /// <summary>The name of a part in a sentence.</summary>
    public static string NameOf(string shard) => shard switch
    {
        Own => "the host's own part",
        AuditShards.Heads => "the chain of heads",
        _ => $"shard '{shard}'",
    };

    private void Join(AuditEntry entry, ChainCheck part)
    {
        if (part.Shard == AuditShards.Heads)
        {
            if (entry.Cut is { } cut)
            {
                Part(cut.Shard ?? Own).CutAt(cut);
            }

            foreach (AuditHead head in (entry.Heads ?? []).Where(static head => head is not null))
            {
                Part(head.Shard ?? Own).Expect(head);
            }
        }
        else if (entry.Joined is { } joined)
        {
            Part(AuditShards.Heads).EnsureHas(joined, $"{NameOf(part.Shard)}, entry {entry.Seq},");
        }
    }

    private ChainCheck Part(string shard)
    {
        if (!_parts.TryGetValue(shard, out ChainCheck? part))
        {
            part = new ChainCheck(shard, _keys);
            _parts.Add(shard, part);
        }

        return part;
    }

    /// <summary>The place of a part in an export.</summary>
    private static int Order(string shard) => shard switch
    {
        AuditShards.Heads => -2,
        Own => -1,
        _ => int.TryParse(shard, System.Globalization.NumberStyles.AllowHexSpecifier, null, out int number)
            ? number
            : int.MaxValue,
    };
}
