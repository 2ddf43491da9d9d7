using System.Text.Json;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Approvals;

/// <summary>The approvals of this host: a record each, and a list of those that are not settled.</summary>
internal sealed class ApprovalStore(IRecordStore records, TreeKeys keys, ILogger<ApprovalStore> log)
{
    private const string Prefix = "approvals/";
    private const string Open = "approvals-open/";

    private readonly SealedRecords _sealed = new(records, RecordSeal.OfApprovals(keys), Prefix);

    /// <summary>Finds an approval. One that was altered outside the host says so, and nothing else that it says counts.</summary>
    public async Task<(Approval Approval, string Etag)?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length is 0 or > 64 || !id.All(char.IsAsciiLetterOrDigit))
        {
            return null;
        }

        if (await _sealed.FindAsync(Prefix + id, cancellationToken).ConfigureAwait(false) is not var (record, isTrue))
        {
            return null;
        }

        Approval approval = JsonSerializer.Deserialize(record.Value.Span, ApprovalsJsonContext.Default.Approval)!;
        if (isTrue && approval.Id == id)
        {
            return (approval, record.Etag);
        }

        // Whatever is written from here on says so too: no later write makes it good again.
        ApprovalLog.ApprovalAltered(log, record.Key);
        return (approval with { Id = id, IsAltered = true }, record.Etag);
    }

    /// <summary>Adds an approval; one that is there stays as it is.</summary>
    public async Task AddAsync(Approval approval, CancellationToken cancellationToken)
    {
        // Listed before it exists: a crash in between leaves an entry that leads nowhere, never an approval that nobody sees.
        await records.PutAsync(OpenKey(approval), ReadOnlyMemory<byte>.Empty, default, cancellationToken).ConfigureAwait(false);
        try
        {
            await PutAsync(approval, RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            // It was asked before a crash.
        }
    }

    /// <summary>Changes an approval; <paramref name="change"/> is asked again where somebody else was quicker.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.ApprovalNotFound"/>.</exception>
    public async Task<Approval> ChangeAsync(string id, Func<Approval, Approval> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            (Approval before, string etag) = await FindAsync(id, cancellationToken).ConfigureAwait(false)
                ?? throw new AgentException(ErrorCode.ApprovalNotFound, $"There is no approval '{id}'.");
            Approval after = change(before);
            if (ReferenceEquals(after, before))
            {
                return before;
            }

            try
            {
                await PutAsync(after, RecordCondition.IfMatch(etag), cancellationToken).ConfigureAwait(false);
                return after;
            }
            catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
            {
                // Read what the other one wrote, and judge anew.
            }
        }
    }

    /// <summary>Takes an approval from the list of those that are not settled.</summary>
    public Task SettleAsync(Approval approval, CancellationToken cancellationToken) =>
        records.DeleteAsync(OpenKey(approval), default, cancellationToken);

    /// <summary>The approvals that are not settled: pending ones, and decided ones whose run has not heard of it.</summary>
    /// <param name="runId">Only those of this run; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Approval>> ListOpenAsync(string? runId, CancellationToken cancellationToken)
    {
        var open = new List<Approval>();
        await foreach (StoredRecord entry in records.ListAsync(runId is null ? Open : $"{Open}{runId}/", null, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                if (await FindAsync(entry.Key[(entry.Key.LastIndexOf('/') + 1)..], cancellationToken).ConfigureAwait(false) is var (approval, _))
                {
                    open.Add(approval);
                }
            }
            catch (Exception e) when (e is JsonException or AgentException { Code: ErrorCode.DataFileUnusable })
            {
                RecordLog.Unreadable(log, entry.Key, e.Message);
            }
        }

        return open;
    }

    private static string OpenKey(Approval approval) => $"{Open}{approval.RunId}/{approval.Id}";

    private Task PutAsync(Approval approval, RecordCondition condition, CancellationToken cancellationToken) => _sealed.PutAsync(
        Prefix + approval.Id, JsonSerializer.SerializeToUtf8Bytes(approval, ApprovalsJsonContext.Default.Approval), condition, cancellationToken);
}
