using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Views.Runs;

/// <summary>
/// Makes the index whole: enters the runs of the records that it lacks, and what their orchestrations say. In the background, for
/// a store of before the index and for one whose index is damaged; lists read the records meanwhile.
/// </summary>
internal sealed partial class RunIndexRepair(RunIndex index, RunIndexLog entries, RunStore runs, TimeProvider time,
    ILogger<RunIndexRepair> log) : IDisposable
{
    /// <summary>How many runs are entered at once.</summary>
    private const int BatchSize = 200;

    /// <summary>After so many runs that the index has, those before are taken to be in it.</summary>
    private const int KnownInARow = 50;

    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _lock = new();
    private bool _hasLooked;

    /// <summary>Gets the work in the background; completed if there is none.</summary>
    internal Task Work { get; private set; } = Task.CompletedTask;

    /// <summary>Begins what has to be done, unless it is being done.</summary>
    /// <param name="isWhole">Whether the index has every run.</param>
    /// <param name="reader">Reads orchestrations.</param>
    /// <returns>Whether the index has every run.</returns>
    public bool Observe(bool isWhole, RunReader reader)
    {
        lock (_lock)
        {
            if (Work.IsCompleted && (!isWhole || !_hasLooked))
            {
                _hasLooked = true;
                Work = Task.Run(() => TryAsync(isWhole ? EnterNewestAsync : () => MakeWholeAsync(reader, _stopped.Token)));
            }
        }

        return isWhole;
    }

    /// <summary>Compares the index with all records and orchestrations, and enters what it lacks.</summary>
    public async Task MakeWholeAsync(RunReader reader, CancellationToken cancellationToken)
    {
        await index.RefreshAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<long> lengths = index.Lengths;
        var ids = new List<string>();
        await EnterMissingAsync(ids, int.MaxValue, cancellationToken).ConfigureAwait(false);
        await index.RefreshAsync(cancellationToken).ConfigureAwait(false);
        foreach (string[] some in ids.Chunk(BatchSize))
        {
            RunIndexEntry?[] found = await InParallel.SelectAsync(some, id => CompareAsync(reader, id, cancellationToken),
                cancellationToken).ConfigureAwait(false);
            await entries.AppendAsync(found.OfType<RunIndexEntry>(), cancellationToken).ConfigureAwait(false);
        }

        await index.SetWholeAsync(lengths, cancellationToken).ConfigureAwait(false);
        LogWhole(log, ids.Count);
    }

    /// <summary>The entry that a reader makes of a run that it saw ended.</summary>
    public static RunIndexEntry EndOf(RunIndexRow row, Run run, DateTimeOffset now) =>
        new(RunIndexEntry.Confirmed, row.Id, now.UtcTicks) { End = IndexedRuns.EndOf(run), Seen = row.LiveAt };

    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }

    /// <summary>A version without an index may have admitted runs beside this one: the newest records tell.</summary>
    private Task EnterNewestAsync() => EnterMissingAsync([], KnownInARow, _stopped.Token);

    private async Task EnterMissingAsync(List<string> ids, int knownInARow, CancellationToken cancellationToken)
    {
        var missing = new List<RunIndexEntry>();
        int known = 0;
        await foreach (RunRecord record in runs.ListAsync(null, cancellationToken).ConfigureAwait(false))
        {
            ids.Add(record.Id);
            if (index.Rows.Find(record.Id) is null)
            {
                if (await runs.Erased.FindAsync(record.Id, cancellationToken).ConfigureAwait(false) is not null)
                {
                    continue;
                }

                known = 0;
                missing.Add(RunIndexLog.OfRun(record, time.GetUtcNow()));
            }
            else if (++known >= knownInARow)
            {
                break;
            }

            if (missing.Count >= BatchSize)
            {
                await entries.AppendAsync(missing, cancellationToken).ConfigureAwait(false);
                missing.Clear();
            }
        }

        await entries.AppendAsync(missing, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What has to be entered of a run; <see langword="null"/> if the index has it right.</summary>
    private async Task<RunIndexEntry?> CompareAsync(RunReader reader, string id, CancellationToken cancellationToken)
    {
        // As the index was before the orchestration is asked: a sign of life after that is not overruled.
        RunIndexRow? row = index.Rows.Find(id);
        if (row is null || await runs.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } record)
        {
            return null;
        }

        Run? run = await reader.ReadAsync(record, false, cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = time.GetUtcNow();
        return run switch
        {
            { IsEnded: true } when !row.IsConfirmed || row.End?.Status != run.Status => EndOf(row, run, now),
            { IsEnded: false } when row.End is not null =>
                new RunIndexEntry(RunIndexEntry.Resumed, id, now.UtcTicks) { Turn = run.Turns },
            _ => null,
        };
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e) when (_stopped.IsCancellationRequested
            || e is AgentException or OperationCanceledException or ObjectDisposedException)
        {
            LogStopped(log, e.Message);
        }
    }

    [LoggerMessage(1913, LogLevel.Information, "The run index has all {Count} runs.")]
    private static partial void LogWhole(ILogger log, int count);

    [LoggerMessage(1914, LogLevel.Warning,
        "The run index is not whole yet: {Reason} It is gone on with at the next list; lists read the records until then.")]
    private static partial void LogStopped(ILogger log, string reason);
}
