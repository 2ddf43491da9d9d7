using AgentFunctions.Sqlite.Database;

namespace AgentFunctions.Sqlite.Stores;

/// <summary>
/// Where streams end, as the writer has left them: nobody else writes to the file, so that an append need not look. Used by the
/// writer alone.
/// </summary>
internal sealed class StreamEnds
{
    /// <summary>How many streams are remembered; the others are looked up.</summary>
    private const int MaxStreams = 8_192;

    private readonly Dictionary<string, StreamEnd> _committed = new(StringComparer.Ordinal);

    /// <summary>Gets the end of a stream within a transaction; <see langword="null"/> if there is no such stream.</summary>
    public StreamEnd? Find(WriteTransaction transaction, string stream)
    {
        if (transaction.StreamEnds.TryGetValue(stream, out StreamEnd? written))
        {
            return written;
        }

        return _committed.TryGetValue(stream, out StreamEnd known) ? known : Read(transaction.Connection, stream);
    }

    /// <summary>Keeps an end that is on disk; <see langword="null"/> for a stream that was deleted.</summary>
    public void Keep(string stream, StreamEnd? end)
    {
        if (end is not { } there)
        {
            _committed.Remove(stream);
            return;
        }

        if (_committed.Count >= MaxStreams)
        {
            _committed.Clear();
        }

        _committed[stream] = there;
    }

    private static StreamEnd? Read(Connection connection, string stream)
    {
        Statement find = connection.Prepare(
            "SELECT id, (SELECT max(position) + 1 FROM log_entries WHERE stream = id) FROM log_streams WHERE name = ?")
            .Bind(1, stream);
        StreamEnd? end = find.Step() ? new StreamEnd(find.Int64(0), find.Int64(1)) : null;
        find.Reset();
        return end;
    }
}
