using AgentFunctions.Sqlite.Database;

namespace AgentFunctions.Sqlite.Stores;

/// <summary>
/// Which kinds of records there are none of, as long as this process has the file. A kind is what a key begins with, up to its
/// first slash. At the end of each run is asked for what hardly any run has, such as receivers and calls of other hosts: where
/// there is none of a kind, nothing is read. Safe for concurrent use.
/// </summary>
internal sealed class RecordKinds
{
    /// <summary>How many kinds are known; records of the others are read.</summary>
    private const int MaxKinds = 64;

    private readonly Lock _gate = new();

    /// <summary>Whether there is any record of a kind; what was once there counts as there.</summary>
    private readonly Dictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <summary>Gets whether no record has a key that begins with this one's kind.</summary>
    /// <param name="key">The key, or what keys begin with.</param>
    public bool IsUnused(string key)
    {
        lock (_gate)
        {
            return KindOf(key) is { IsEmpty: false } kind
                && _known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(kind, out bool isUsed) && !isUsed;
        }
    }

    /// <summary>Notes that a record is on disk.</summary>
    /// <param name="key">Its key.</param>
    public void Written(string key)
    {
        lock (_gate)
        {
            ReadOnlySpan<char> kind = KindOf(key);
            Dictionary<string, bool>.AlternateLookup<ReadOnlySpan<char>> known =
                _known.GetAlternateLookup<ReadOnlySpan<char>>();
            if (!kind.IsEmpty && (_known.Count < MaxKinds || known.ContainsKey(kind)))
            {
                known[kind] = true;
            }
        }
    }

    /// <summary>Looks, once for each kind, whether there is any record of it, where one was not found.</summary>
    /// <param name="key">The key, or what keys begin with.</param>
    /// <param name="connection">Where to look.</param>
    public void Missed(string key, Connection connection)
    {
        string kind = KindOf(key).ToString();
        lock (_gate)
        {
            if (kind.Length == 0 || _known.Count >= MaxKinds || _known.ContainsKey(kind))
            {
                return;
            }
        }

        Statement find = connection.Prepare("SELECT 1 FROM records WHERE key >= ?1 AND key < ?1 || '~' LIMIT 1").Bind(1, kind);
        bool isUsed = find.Step();
        find.Reset();
        lock (_gate)
        {
            // Not over what was written since, which is noted as long as there is room.
            if (_known.Count < MaxKinds)
            {
                _known.TryAdd(kind, isUsed);
            }
        }
    }

    private static ReadOnlySpan<char> KindOf(string key) => key.AsSpan(0, key.IndexOf('/') + 1);
}
