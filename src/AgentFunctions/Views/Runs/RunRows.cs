using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Views.Runs;

/// <summary>
/// Lists runs in rows, with filters, counts and an order. Runs that have ended are read from the index alone; the others are
/// looked up as well.
/// </summary>
public sealed class RunRows
{
    private const int Remembered = 20_000;

    /// <summary>How long a look at a live run serves several who list at once.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly RunReader _reader;
    private readonly TimeProvider _time;
    private readonly LruCache<string, Look> _looks = new(Remembered);

    internal RunRows(RunReader reader, TimeProvider time) => (_reader, _time) = (reader, time);

    /// <summary>Lists one page.</summary>
    /// <param name="query">What to list.</param>
    /// <param name="mine">The ids of the approvals and questions that the caller may decide.</param>
    /// <param name="from">How many rows to leave out.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunRowPage> ListAsync(
        RunRowQuery query, IReadOnlySet<string> mine, int from, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(mine);
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        RunRow[] all = [.. (await ReadAsync(query, cancellationToken).ConfigureAwait(false)).Where(row => Matches(row, query))];
        RunRow[] found =
        [
            .. all.Where(row => (query.Statuses.Count == 0 || query.Statuses.Contains(row.Run.Status))
                && (query.Waiting is null || row.Run.Waits.Any(wait => wait.Kind == query.Waiting))
                && (query.WaitsFor is null || WaitsFor(row.Run, query.WaitsFor))),
        ];
        IEnumerable<RunRow> ordered = query.Order switch
        {
            RunRowOrder.Cost => found.OrderByDescending(static row => row.Run.Usage.Usd)
                .ThenBy(static row => row.Run.Id, StringComparer.Ordinal),
            RunRowOrder.Updated =>
                found.OrderByDescending(static row => row.Run.UpdatedAt).ThenBy(static row => row.Run.Id, StringComparer.Ordinal),
            _ => found.OrderBy(static row => row.Run.Id, StringComparer.Ordinal),
        };
        return new RunRowPage(
            [.. ordered.Skip(from).Take(limit)],
            all.CountBy(static row => row.Run.Status).ToDictionary(),
            all.Count(row => WaitsFor(row.Run, mine)),
            found.Length,
            from + limit < found.Length ? from + limit : null);
    }

    private static bool WaitsFor(Run run, IReadOnlySet<string> ids) =>
        run.Waits.Any(wait => wait.Id is { } id && ids.Contains(id));

    private static bool Matches(RunRow row, RunRowQuery query) =>
        (query.Ids is null || query.Ids.Contains(row.Run.Id))
        && (query.Since is null || row.Run.CreatedAt >= query.Since)
        && (query.Until is null || row.Run.CreatedAt <= query.Until)
        && row.Run.Usage.Usd >= query.MinUsd
        && (query.Text is not { } text || Texts(row.Run).Any(one => one.Contains(text, StringComparison.OrdinalIgnoreCase)));

    private static IEnumerable<string> Texts(Run run) =>
        [.. run.Labels.SelectMany(static label => new[] { label.Key, label.Value }), run.Goal, run.Agent, run.Id];

    private async Task<IEnumerable<RunRow>> ReadAsync(RunRowQuery query, CancellationToken cancellationToken)
    {
        if (_reader.Index is not { } index || !await index.OpenAsync(_reader, cancellationToken).ConfigureAwait(false))
        {
            // The index is being made whole: the records say it all meanwhile.
            var rows = new List<RunRow>();
            await foreach ((RunRecord record, Run run) in _reader.ListWithRecordsAsync(query.Filter, cancellationToken)
                .ConfigureAwait(false))
            {
                rows.Add(new RunRow(_reader.ViewOf(run), record.Requester, null, run.Turns + 1, run.UpdatedAt.UtcTicks));
            }

            return rows;
        }

        DateTimeOffset now = _time.GetUtcNow();
        Look?[] looks = await InParallel.SelectAsync(
            index.RowsOf(query.Filter, query.Ids), row => LookAsync(index, row, query.Filter, now, cancellationToken),
            cancellationToken)
            .ConfigureAwait(false);
        return looks.OfType<Look>().Select(static look => look.Row);
    }

    private async Task<Look?> LookAsync(
        RunIndexView index, RunIndexRow row, RunFilter filter, DateTimeOffset now, CancellationToken cancellationToken)
    {
        bool isOver = row.HasEnded(now);
        if (_looks.TryGet(row.Id, out Look? known) && ReferenceEquals(known.Known, row) && (isOver || now - known.At < Fresh))
        {
            return known.IsShown(filter) ? known : null;
        }

        (RunRecord? record, Run? run) = await index.ReadAsync(_reader, row, null, now, cancellationToken).ConfigureAwait(false);
        if (record is null || run is null)
        {
            return null;
        }

        int turn = run.IsEnded ? run.Turns : row.Turn ?? run.Turns;
        var shown = new RunRow(_reader.ViewOf(run), record.Requester, run.IsEnded ? null : row.Now, turn, row.Revision);
        var look = new Look(row, record, shown, now);
        _looks.Set(row.Id, look);
        return look.IsShown(filter) ? look : null;
    }

    private sealed record Look(RunIndexRow Known, RunRecord Record, RunRow Row, DateTimeOffset At)
    {
        public bool IsShown(RunFilter filter) => filter.Matches(Record);
    }
}
