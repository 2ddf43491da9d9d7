using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Counts how calls of a tool were decided, for the people who decide about the next one.</summary>
public sealed class ApprovalHistory
{
    private readonly IRecordStore _records;
    private readonly ApprovalStore _approvals;

    internal ApprovalHistory(IRecordStore records, ApprovalStore approvals) => (_records, _approvals) = (records, approvals);

    /// <summary>Gets how calls of the tool of an approval were decided for the same agent.</summary>
    /// <param name="approval">The approval.</param>
    /// <param name="caller">The caller. The last decision is included only if the caller may see that approval, too.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<PastDecisions> GetAsync(Approval approval, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(approval);
        ArgumentNullException.ThrowIfNull(caller);
        PastDecisions past = Read(await _records.GetAsync(KeyOf(approval), cancellationToken).ConfigureAwait(false));
        if (past.Last is not { } last)
        {
            return past;
        }

        // The comment is read from the approval, so that it is erased with the approval's run.
        return await _approvals.FindAsync(last.Approval, cancellationToken).ConfigureAwait(false) is var (decided, _)
            && ApprovalService.MaySee(caller, decided)
            ? past with { Last = last with { Comment = decided.Votes.LastOrDefault(vote => vote.By == last.By)?.Comment } }
            : past with { Last = null };
    }

    /// <summary>Counts a vote.</summary>
    internal async Task AddAsync(Approval approval, ApprovalVote vote, CancellationToken cancellationToken)
    {
        while (true)
        {
            StoredRecord? record = await _records.GetAsync(KeyOf(approval), cancellationToken).ConfigureAwait(false);
            PastDecisions before = Read(record);
            PastDecisions after = before with
            {
                Approved = before.Approved + (vote.Approves ? 1 : 0),
                Denied = before.Denied + (vote.Approves ? 0 : 1),
                Edited = before.Edited + (vote.Approves && approval.Edited is not null ? 1 : 0),
                Last = new PastDecision(approval.Id, vote.By, vote.Approves, vote.At),
            };
            RecordCondition condition = record is null ? RecordCondition.IfNew : RecordCondition.IfMatch(record.Etag);
            byte[] value = JsonSerializer.SerializeToUtf8Bytes(after, ApprovalsJsonContext.Default.PastDecisions);
            if (await RecordStoreExtensions.IfHoldsAsync(
                () => _records.PutAsync(KeyOf(approval), value, condition, cancellationToken)).ConfigureAwait(false) is not null)
            {
                return;
            }
        }
    }

    private static PastDecisions Read(StoredRecord? record) => record is null
        ? new PastDecisions()
        : JsonSerializer.Deserialize(record.Value.Span, ApprovalsJsonContext.Default.PastDecisions)!;

    private static string KeyOf(Approval approval)
    {
        string name = $"{approval.Chain[^1]}\n{approval.Tool}\n{approval.Question}";
        return "approval-counts/" + TextHash.Of(name);
    }
}

/// <summary>Represents how calls of a tool were decided for an agent.</summary>
public sealed record PastDecisions
{
    /// <summary>Gets how often a person approved.</summary>
    public int Approved { get; init; }

    /// <summary>Gets how often a person denied.</summary>
    public int Denied { get; init; }

    /// <summary>Gets how often a person approved with other arguments; those are among the approved.</summary>
    public int Edited { get; init; }

    /// <summary>Gets the last decision; <see langword="null"/> if there was none.</summary>
    public PastDecision? Last { get; init; }
}

/// <summary>Represents a decision about a call.</summary>
/// <param name="Approval">The approval.</param>
/// <param name="By">The person who decided.</param>
/// <param name="Approves">Whether the call was approved.</param>
/// <param name="At">The time (UTC).</param>
public sealed record PastDecision(string Approval, string By, bool Approves, DateTimeOffset At)
{
    /// <summary>
    /// Gets the comment of the person; <see langword="null"/> if there was none or the run of the approval is erased.
    /// </summary>
    public string? Comment { get; init; }
}
