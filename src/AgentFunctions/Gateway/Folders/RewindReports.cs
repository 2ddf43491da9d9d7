using System.Text.Json;
using AgentFunctions.Records;
using AgentFunctions.Snapshots;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Remembers what rewinds did, so that a repeated request does nothing twice and is answered as the first was.</summary>
internal sealed class RewindReports(IRecordStore records, RequestKeys keys, Journal journal, TimeProvider time)
{
    private const int MaxBytes = 768 * 1024;

    /// <summary>Names the report of the rewind that a run began with.</summary>
    public static string Of(string runId) => $"rewinds/{runId}/start";

    /// <summary>Gets a report; <see langword="null"/> if there is none.</summary>
    public async Task<RestoreReport?> FindAsync(string name, CancellationToken cancellationToken) =>
        await records.GetAsync(name, cancellationToken).ConfigureAwait(false) is { } record
            ? JsonSerializer.Deserialize(record.Value.Span, GatewayJsonContext.Default.RestoreReport)
            : null;

    /// <summary>Restores a folder once; a repetition gets the first report.</summary>
    /// <param name="name">The name of the report.</param>
    /// <param name="restore">Restores the folder, or previews it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RestoreReport> OnceAsync(
        string name, Func<bool, Task<RestoreReport>> restore, CancellationToken cancellationToken)
    {
        // The preview is kept first: after a crash within the restore it says what the whole of it is.
        RestoreReport? planned = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        if (planned is { DryRun: false })
        {
            return planned;
        }

        bool isFirst = planned is null;
        if (isFirst)
        {
            planned = await restore(true).ConfigureAwait(false);
            await WriteAsync(name, planned, cancellationToken).ConfigureAwait(false);
        }

        RestoreReport done = await restore(false).ConfigureAwait(false);
        RestoreReport report = isFirst ? done : WholeOf(planned!, done);
        await WriteAsync(name, report, CancellationToken.None).ConfigureAwait(false);
        return report;
    }

    /// <summary>Restores a folder once for a request that may be repeated under its key.</summary>
    /// <param name="request">The request.</param>
    /// <param name="runId">The run.</param>
    /// <param name="restore">Restores the folder, or previews it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<RestoreReport> OnceAsync(
        KeyedRequest request, string runId, Func<bool, Task<RestoreReport>> restore, CancellationToken cancellationToken)
    {
        string name = $"rewinds/{runId}/{RequestKeys.NameOf(request)}";
        return keys.OnceAsync(
            request,
            runId,
            async claim =>
            {
                // A new claim is a new request: the report of one whose key has gone is not this one's.
                if (!claim.IsResumed)
                {
                    await records.DeleteAsync(name, default, cancellationToken).ConfigureAwait(false);
                }

                return await OnceAsync(
                    name,
                    isPreview =>
                    {
                        if (!isPreview)
                        {
                            claim.Begin();
                        }

                        return restore(isPreview);
                    },
                    cancellationToken).ConfigureAwait(false);
            },
            async () => await FindAsync(name, cancellationToken).ConfigureAwait(false)
                ?? throw new AgentException(
                    ErrorCode.RunStateForbids, $"What this request restored in the folder of run '{runId}' is no longer known."),
            cancellationToken);
    }

    /// <summary>Notes in the journal of a run, once, that another run goes on in its place.</summary>
    public async Task NoteAsync(string runId, string next, string words, CancellationToken cancellationToken)
    {
        await foreach ((_, JournalEvent written) in
            journal.ReadAsync(runId, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (written.Type == JournalEventTypes.RunSuperseded && written.Run == next)
            {
                return;
            }
        }

        var superseded = new JournalEvent(JournalEventTypes.RunSuperseded, time.GetUtcNow()) { Run = next, Text = words };
        await journal.AppendAsync(runId, superseded, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What a restore did that a crash cut off: what was planned, but for what is left by now.</summary>
    private static RestoreReport WholeOf(RestoreReport planned, RestoreReport done)
    {
        SkippedPath[] skipped = [.. planned.Skipped.Union(done.Skipped)];
        HashSet<string> left = [.. done.Conflicts.Select(static one => one.Path), .. skipped.Select(static one => one.Path)];
        return planned with
        {
            Restored = [.. planned.Restored.Concat(done.Restored).DistinctBy(static change => change.Path)
                .Where(change => !left.Contains(change.Path))],
            Conflicts = done.Conflicts,
            Skipped = skipped,
            DryRun = false,
        };
    }

    private async Task WriteAsync(string name, RestoreReport report, CancellationToken cancellationToken)
    {
        byte[] json = Json(report);
        while (json.Length > MaxBytes)
        {
            // A record has a bound; the log of the folder has all the changes.
            report = report with
            {
                Restored = Half(report.Restored),
                Conflicts = Half(report.Conflicts),
                Skipped = Half(report.Skipped),
            };
            json = Json(report);
        }

        await records.PutAsync(name, json, default, cancellationToken).ConfigureAwait(false);
    }

    private static byte[] Json(RestoreReport report) =>
        JsonSerializer.SerializeToUtf8Bytes(report, GatewayJsonContext.Default.RestoreReport);

    private static IReadOnlyList<T> Half<T>(IReadOnlyList<T> items) => [.. items.Take(items.Count / 2)];
}
