using System.Text.Json;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Runs.Index;

/// <summary>
/// Appends to the run index. A run is entered before it can start, and before it is taken up again: the index may name runs that
/// are none, and may take one for alive that has ended, but it never lacks one and never takes a live one for ended.
/// </summary>
internal sealed partial class RunIndexLog(ILogStore logs, TimeProvider time, ILogger<RunIndexLog> log)
{
    /// <summary>Gets what seals goals and messages; <see langword="null"/> to leave them in clear.</summary>
    internal RunIndexSeal? Seal { get; init; }

    private readonly GroupedAppends[] _shards =
        [.. Enumerable.Range(0, RunIndexStreams.Count).Select(shard => new GroupedAppends(logs, RunIndexStreams.NameOf(shard)))];

    /// <summary>Enters a run that is put on record.</summary>
    public Task AdmittedAsync(RunRecord run, CancellationToken cancellationToken) =>
        AppendAsync([OfRun(run, time.GetUtcNow())], cancellationToken);

    /// <summary>Enters that a run that has ended is about to be taken up again.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">Its last turn that is over.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task ResumingAsync(string runId, int turn, CancellationToken cancellationToken) =>
        AppendAsync([new RunIndexEntry(RunIndexEntry.Resumed, runId, Now) { Turn = turn }], cancellationToken);

    /// <summary>Enters the end of a run. What cannot be entered is found out by the next reader.</summary>
    public Task EndedAsync(string runId, IndexedEnd end, CancellationToken cancellationToken) =>
        TryAppendAsync([new RunIndexEntry(RunIndexEntry.Ended, runId, Now) { End = end }], cancellationToken);

    /// <summary>Enters that something happened in a run.</summary>
    public Task MovedAsync(string runId, int? turn, string now, CancellationToken cancellationToken) =>
        TryAppendAsync([new RunIndexEntry(RunIndexEntry.Moved, runId, Now) { Turn = turn, Now = now }], cancellationToken);

    /// <summary>Adds entries: those of one log together, in their order.</summary>
    public async Task AppendAsync(IEnumerable<RunIndexEntry> entries, CancellationToken cancellationToken)
    {
        var stored = new List<RunIndexEntry>();
        foreach (RunIndexEntry entry in entries)
        {
            stored.Add(Seal is null ? entry : await Seal.CloseAsync(entry, cancellationToken).ConfigureAwait(false));
        }

        await Task.WhenAll(stored
            .GroupBy(static entry => RunIndexStreams.ShardOf(entry.Id))
            .Select(shard => AppendAsync(shard.Key, [.. shard.Select(Write)], cancellationToken))).ConfigureAwait(false);
    }

    /// <summary>Adds entries that are only to spare somebody a look.</summary>
    public async Task TryAppendAsync(IReadOnlyList<RunIndexEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            await AppendAsync(entries, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e)
        {
            LogUnwritten(log, entries[0].Id, e.Message);
        }
    }

    /// <summary>The embedded engine joins the appends of all streams in one commit, if they come to it at once.</summary>
    private Task AppendAsync(int shard, IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken) =>
        logs.IsShared
        ? _shards[shard].AppendAsync(entries, cancellationToken)
        : logs.AppendAsync(RunIndexStreams.NameOf(shard), entries, null, cancellationToken);

    /// <summary>The entry of a run as its record says.</summary>
    public static RunIndexEntry OfRun(RunRecord run, DateTimeOffset now) =>
        new(RunIndexEntry.Admitted, run.Id, now.UtcTicks) { Run = IndexedRun.Of(run) };

    /// <summary>Writes an entry; what does not fit is left out, and marked as such.</summary>
    internal static ReadOnlyMemory<byte> Write(RunIndexEntry entry)
    {
        byte[] json = Json(entry);
        if (json.Length > RunIndexEntry.MaxBytes && entry is { Run: { Goal: not null } or { SealedGoal: not null } })
        {
            entry = entry with { Run = entry.Run with { Goal = null, SealedGoal = null, HasMore = true } };
            json = Json(entry);
        }

        if (json.Length > RunIndexEntry.MaxBytes && entry is { End: { Message: not null } or { SealedMessage: not null } })
        {
            entry = entry with { End = entry.End with { Message = null, SealedMessage = null, HasMore = true } };
            json = Json(entry);
        }

        return json.Length <= RunIndexEntry.MaxBytes ? json : Json(entry with { Run = null, Now = null });
    }

    private static byte[] Json(RunIndexEntry entry) =>
        JsonSerializer.SerializeToUtf8Bytes(entry, RunsJsonContext.Default.RunIndexEntry);

    private long Now => time.GetUtcNow().UtcTicks;

    [LoggerMessage(
        1910, LogLevel.Warning,
        "The run index lacks an entry of run {Run}: {Error} Lists look at the orchestration instead, so they are slower, and right.")]
    private static partial void LogUnwritten(ILogger log, string run, string error);
}
