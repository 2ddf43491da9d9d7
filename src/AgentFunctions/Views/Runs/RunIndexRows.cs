using AgentFunctions.Core;


namespace AgentFunctions.Views.Runs;

/// <summary>
/// The rows of the index in the order of their ids, which is that of lists: newest first. Safe for concurrent use.
/// </summary>
internal sealed class RunIndexRows
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, RunIndexRow> _rows = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _order = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _rows.Count;
            }
        }
    }

    public RunIndexRow? Find(string id)
    {
        lock (_lock)
        {
            return _rows.GetValueOrDefault(id);
        }
    }

    public void Set(RunIndexRow row)
    {
        lock (_lock)
        {
            _rows[row.Id] = row;
            _order.Add(row.Id);
        }
    }

    public void Remove(string id)
    {
        lock (_lock)
        {
            _rows.Remove(id);
            _order.Remove(id);
        }
    }

    /// <summary>The next rows that match.</summary>
    /// <param name="after">Only rows after this id; <see langword="null"/> for all.</param>
    /// <param name="match">What must hold.</param>
    /// <param name="count">The most rows.</param>
    public List<RunIndexRow> Next(string? after, Func<RunIndexRow, bool> match, int count)
    {
        lock (_lock)
        {
            return [.. After(after).Select(id => _rows[id]).Where(match).Take(count)];
        }
    }

    /// <summary>The rows below a run in its tree.</summary>
    public List<RunIndexRow> Below(string id)
    {
        lock (_lock)
        {
            string first = id + ChildName.Separator;
            return
            [
                .. _order.GetViewBetween(first, id + (char)(ChildName.Separator + 1))
                    .Where(found => found.StartsWith(first, StringComparison.Ordinal)).Select(found => _rows[found]),
            ];
        }
    }

    /// <summary>The rows that match, in no order.</summary>
    public List<RunIndexRow> Where(Func<RunIndexRow, bool> match)
    {
        lock (_lock)
        {
            return [.. _rows.Values.Where(match)];
        }
    }

    private IEnumerable<string> After(string? id)
    {
        if (id is null)
        {
            return _order;
        }

        return _order.Max is { } last && string.CompareOrdinal(id, last) < 0
            ? _order.GetViewBetween(id, last).SkipWhile(found => found == id)
            : [];
    }
}
