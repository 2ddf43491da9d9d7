using System.Runtime.CompilerServices;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Views.Runs;

/// <summary>
/// Lists and trees of runs out of the index. What the index says of runs that have ended is shown as it is; the orchestration is
/// asked about those that may be alive.
/// </summary>
internal sealed partial class RunIndexView(RunIndex index, RunIndexLog entries, RunIndexRepair repair, RunStore runs,
    TimeProvider time, ILogger<RunIndexView> log)
{
    /// <summary>The most rows that are read ahead of who reads the list.</summary>
    private const int MaxBatch = 64;

    /// <summary>Reads what is new.</summary>
    /// <returns>
    /// Whether lists can be read here. If not, the index is being made whole, and the records say it all meanwhile.
    /// </returns>
    public async Task<bool> OpenAsync(RunReader reader, CancellationToken cancellationToken) =>
        repair.Observe(await index.RefreshAsync(cancellationToken).ConfigureAwait(false), reader);

    /// <summary>Reads what is new of one tree.</summary>
    /// <returns>As for all.</returns>
    public async Task<bool> OpenAsync(string runId, RunReader reader, CancellationToken cancellationToken) =>
        repair.Observe(await index.RefreshAsync(runId, cancellationToken).ConfigureAwait(false), reader);

    /// <summary>The runs that match, newest first.</summary>
    /// <param name="reader">Reads orchestrations.</param>
    /// <param name="filter">What to match.</param>
    /// <param name="wanted">How many are wanted at first.</param>
    /// <param name="cancellationToken">The token to stop reading.</param>
    public async IAsyncEnumerable<Run> ListAsync(
        RunReader reader, RunFilter filter, int wanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = filter.After;
        while (true)
        {
            DateTimeOffset now = time.GetUtcNow();
            List<RunIndexRow> rows = index.Rows.Next(after, row => row.MayMatch(filter, now), Math.Clamp(wanted, 1, MaxBatch));
            if (rows.Count == 0)
            {
                yield break;
            }

            after = rows[^1].Id;
            foreach ((_, Run? run) in await ReadAsync(reader, rows, filter, cancellationToken).ConfigureAwait(false))
            {
                if (run is not null && (filter.Status is null || run.Status == filter.Status))
                {
                    yield return run;
                }
            }
        }
    }

    /// <summary>All runs below one in its tree, with those that were not started yet.</summary>
    public async Task<IReadOnlyList<(RunRecord Record, Run? Run)>> BelowAsync(RunReader reader, string id,
        CancellationToken cancellationToken) =>
    [
        .. (await ReadAsync(reader, index.Rows.Below(id), null, cancellationToken).ConfigureAwait(false))
            .Where(static found => found.Record is not null).Select(static found => (found.Record!, found.Run)),
    ];

    /// <summary>The revision of a run, as its row in a list has it.</summary>
    public long? RevisionOf(string id) => index.Rows.Find(id)?.Revision;

    /// <summary>The ids of those runs below one in its tree that may be alive.</summary>
    public IReadOnlyList<string> LiveBelow(string id)
    {
        DateTimeOffset now = time.GetUtcNow();
        return [.. index.Rows.Below(id).Where(row => !row.HasEnded(now)).Select(static row => row.Id)];
    }

    /// <summary>
    /// Those of some runs, and of the runs below them, that are still to be told to end: leads before their sub-agents.
    /// </summary>
    public IReadOnlyList<RunIndexRow> ToBeTold(IEnumerable<string> ids)
    {
        DateTimeOffset now = time.GetUtcNow();
        return
        [
            .. ids.SelectMany(id => index.Rows.Below(id).Prepend(index.Rows.Find(id) ?? new RunIndexRow(id)))
                .Where(row => row.IsToBeTold(now)).OrderBy(static row => LiveRuns.DepthOf(row.Id)),
        ];
    }

    /// <summary>Enters that runs were told to end.</summary>
    public Task ToldAsync(IEnumerable<RunIndexRow> rows, CancellationToken cancellationToken)
    {
        long now = time.GetUtcNow().UtcTicks;
        return entries.AppendAsync(rows.Select(row => new RunIndexEntry(RunIndexEntry.Told, row.Id,
            now)
        { Seen = row.SignOfLife }), cancellationToken);
    }

    private async Task<IReadOnlyList<(RunRecord? Record, Run? Run)>> ReadAsync(
        RunReader reader, List<RunIndexRow> rows, RunFilter? filter, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        (RunRecord? Record, Run? Run)[] found = await InParallel.SelectAsync(
            rows, row => ReadAsync(reader, row, filter, now, cancellationToken), cancellationToken).ConfigureAwait(false);
        RunIndexEntry[] ended = [.. rows.Zip(found)
            .Where(pair => !pair.First.HasEnded(now) && pair.Second.Run is { IsEnded: true })
            .Select(pair => RunIndexRepair.EndOf(pair.First, pair.Second.Run!, now))];
        if (ended.Length > 0)
        {
            await entries.TryAppendAsync(ended, cancellationToken).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>The rows that may match, in no order.</summary>
    public List<RunIndexRow> RowsOf(RunFilter filter, IReadOnlySet<string>? ids)
    {
        DateTimeOffset now = time.GetUtcNow();
        return index.Rows.Where(row => ids?.Contains(row.Id) != false && row.MayMatch(filter, now));
    }

    /// <summary>The run of a row: what the index says of one that has ended, else what its orchestration says.</summary>
    public async Task<(RunRecord? Record, Run? Run)> ReadAsync(
        RunReader reader, RunIndexRow row, RunFilter? filter, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            IndexedRun? known = row is { TellsAll: true, Run: { HasMore: not true } run }
                ? entries.Seal is { } seal ? await seal.OpenAsync(row.Id, run, cancellationToken).ConfigureAwait(false) : run
                : null;
            RunRecord? record = known is { HasMore: not true }
                ? known.ToRecord(row.Id)
                : await runs.FindAsync(row.Id, cancellationToken).ConfigureAwait(false);
            if (record is null || filter?.Matches(record) == false)
            {
                return default;
            }

            IndexedEnd? over = row.HasEnded(now) && row.End is { HasMore: not true } end
                ? entries.Seal is { } opens ? await opens.OpenAsync(row.Id, end, cancellationToken).ConfigureAwait(false) : end
                : null;
            return over is { HasMore: not true }
                ? (record, over.ToRun(record))
                : (record, await reader.ReadAsync(record, false, cancellationToken).ConfigureAwait(false));
        }
        catch (AgentException e) when (e.Code == ErrorCode.DataFileUnusable)
        {
            LogUnreadable(log, row.Id, e.Message);
            return default;
        }
    }

    [LoggerMessage(1912, LogLevel.Error, "Run {Run} cannot be read and is left out of lists: {Problem}")]
    private static partial void LogUnreadable(ILogger log, string run, string problem);
}
