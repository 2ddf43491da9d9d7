namespace AgentFunctions.Sqlite.Database;

/// <summary>Writes of one flow that the writer gets at once.</summary>
/// <param name="writer">The writer.</param>
/// <param name="current">The innermost group of each flow.</param>
internal sealed class WriteGroup(Writer writer, AsyncLocal<WriteGroup?> current) : IDisposable
{
    private readonly WriteGroup? _outer = current.Value;
    private readonly Lock _gate = new();
    private readonly List<WriteJob> _held = [];
    private bool _closed;

    /// <summary>Gets how many writes it holds back.</summary>
    public int Count => _held.Count;

    /// <summary>Holds a write back, in this group or the one around it.</summary>
    /// <returns>Whether any of them was still open.</returns>
    public bool TryHold(WriteJob job)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _held.Add(job);
                return true;
            }
        }

        return _outer?.TryHold(job) ?? false;
    }

    /// <summary>
    /// Ends the group. The writer has what it held back, and does it with what is added next; <see langword="null"/> if that is nothing.
    /// </summary>
    public JoinedWrites? HandOver()
    {
        Leave();
        lock (_gate)
        {
            _closed = true;
            if (_held.Count == 0)
            {
                return null;
            }

            var job = new JoinedWrites(_held);
            writer.AddBeforeAnother(job);
            return job;
        }
    }

    public void Dispose()
    {
        Leave();
        List<WriterJob>? mine = null;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            // Within the lock: what comes from here on is behind it.
            _closed = true;
            if (_held.Count > 0)
            {
                WriteJob job = _held.Count == 1 ? _held[0] : new JoinedWrites(_held);
                if (_outer?.TryHold(job) != true)
                {
                    mine = writer.Queue(job);
                }
            }
        }

        writer.WriteIfMine(mine);
    }

    private void Leave()
    {
        if (current.Value == this)
        {
            current.Value = _outer;
        }
    }
}
