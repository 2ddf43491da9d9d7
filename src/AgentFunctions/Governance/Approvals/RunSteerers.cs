using System.Text.Json;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Approvals;

/// <summary>
/// Knows who has steered a tree of runs: spoke to one of them, let it spend more, resumed it, or asked for the run that it was
/// forked from. Where a rule wants somebody other than the requester to decide, these are barred too, since their words may have
/// led to the call.
/// </summary>
internal sealed class RunSteerers(IRecordStore records, TreeKeys keys, ILogger<RunSteerers> log)
{
    private const string Prefix = "steerers/";

    private readonly SealedRecords _sealed = new(records, RecordSeal.Of(keys, "steerers"), Prefix);

    /// <summary>Notes callers, before what they do takes effect.</summary>
    /// <param name="rootId">The run at the root of the tree.</param>
    /// <param name="callers">The callers' ids.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task AddAsync(string rootId, IReadOnlyCollection<string> callers, CancellationToken cancellationToken)
    {
        while (true)
        {
            (StoredRecord Record, bool IsTrue)? found = await _sealed.FindAsync(Prefix + rootId, cancellationToken)
                .ConfigureAwait(false);
            if (found is { IsTrue: false })
            {
                // It stays as it is, for whoever looks into it: until then nobody can be shown to be another.
                return;
            }

            SteererList known = Read(found) ?? new SteererList([]);
            string[] all = [.. known.Callers.Union(callers, StringComparer.Ordinal)];
            if (found is not null && all.Length == known.Callers.Count)
            {
                return;
            }

            if (await _sealed.TryPutAsync(
                Prefix + rootId, JsonSerializer.SerializeToUtf8Bytes(new SteererList(all),
                    ApprovalsJsonContext.Default.SteererList),
                RecordCondition.Since(found?.Record.Etag), cancellationToken).ConfigureAwait(false) is not null)
            {
                return;
            }
        }
    }

    /// <summary>Gets who has steered a tree of runs.</summary>
    /// <param name="rootId">The run at its root.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileUnusable"/>: the record was altered, so nobody can be told to be another.
    /// </exception>
    public async Task<IReadOnlyList<string>> OfAsync(string rootId, CancellationToken cancellationToken)
    {
        (StoredRecord Record, bool IsTrue)? found = await _sealed.FindAsync(Prefix + rootId, cancellationToken)
            .ConfigureAwait(false);
        if (found is { IsTrue: false } altered)
        {
            KeyLog.RecordAltered(log, altered.Record.Key);
            throw new AgentException(
                ErrorCode.DataFileUnusable,
                $"The record of who has steered run '{rootId}' was altered outside this host, so nobody can be shown to be another than its requester. Deny the call, or cancel the run.");
        }

        return Read(found)?.Callers ?? [];
    }

    private static SteererList? Read((StoredRecord Record, bool IsTrue)? found) =>
        found is { IsTrue: true } own
            ? JsonSerializer.Deserialize(own.Record.Value.Span, ApprovalsJsonContext.Default.SteererList)
            : null;
}

/// <summary>Who has steered a tree of runs.</summary>
/// <param name="Callers">The callers' ids.</param>
internal sealed record SteererList(IReadOnlyList<string> Callers);
