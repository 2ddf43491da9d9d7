using System.Text.Json;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Approvals;

/// <summary>The approvals of this host: a record each, and a list of those that are not settled.</summary>
internal sealed class ApprovalStore(IRecordStore records, ApprovalSeal seal, ILogger<ApprovalStore> log)
{
    private const string Prefix = "approvals/";
    private const string Open = "approvals-open/";

    private readonly SemaphoreSlim _adopting = new(1);
    private volatile bool _isAdopted;

    /// <summary>Finds an approval. One that was altered outside the host says so, and nothing else that it says counts.</summary>
    public async Task<(Approval Approval, string Etag)?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length is 0 or > 64 || !id.All(char.IsAsciiLetterOrDigit))
        {
            return null;
        }

        await AdoptAsync(cancellationToken).ConfigureAwait(false);
        if (await records.GetAsync(Prefix + id, cancellationToken).ConfigureAwait(false) is not { } record)
        {
            return null;
        }

        (ReadOnlyMemory<byte> json, bool isTrue) = await seal.OpenAsync(record.Value, cancellationToken).ConfigureAwait(false);
        Approval approval = JsonSerializer.Deserialize(json.Span, AgentJsonContext.Default.Approval)!;
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
    /// <param name="cancellationToken">Stops waiting.</param>
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

    private async Task PutAsync(Approval approval, RecordCondition condition, CancellationToken cancellationToken)
    {
        await AdoptAsync(cancellationToken).ConfigureAwait(false);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(approval, AgentJsonContext.Default.Approval);
        await records.PutAsync(
            Prefix + approval.Id, await seal.CloseAsync(json, cancellationToken).ConfigureAwait(false), condition, cancellationToken)
            .ConfigureAwait(false);
    }

    private async Task AdoptAsync(CancellationToken cancellationToken)
    {
        if (_isAdopted)
        {
            return;
        }

        await _adopting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isAdopted)
            {
                await seal.AdoptAsync(records, Prefix, cancellationToken).ConfigureAwait(false);
                _isAdopted = true;
            }
        }
        finally
        {
            _adopting.Release();
        }
    }
}
