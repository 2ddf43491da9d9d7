using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Writes down what people do with approvals: for those who answer for it, and for those who follow the run.</summary>
internal sealed class ApprovalRecords(AuditLog audit, Journal journal, Redactor redactor, ApprovalHistory history)
{
    /// <summary>Writes down that somebody has decided.</summary>
    public async Task DecidedAsync(Approval approval, ApprovalVote vote, CallerDoor? door, CancellationToken cancellationToken)
    {
        await audit.AppendAsync(
            Entry(AuditTypes.ApprovalDecided, approval, vote.By) with
            {
                Verdict = vote.Approves ? PolicyVerdict.Allow : PolicyVerdict.Deny,
                Arguments = approval.Edited is { } edited ? redactor.Redact(edited.GetRawText()) : null,
                Reason = vote.Comment,
                Door = door?.Name,
                DoorRequest = redactor.Redact(Preview.Of(door?.Request, 200)),
            },
            cancellationToken).ConfigureAwait(false);
        await journal.AppendAsync(
            approval.RunId,
            new JournalEvent(JournalEventTypes.ApprovalDecided, vote.At)
            {
                Turn = approval.Turn,
                Call = approval.Call,
                Tool = approval.Tool,
                Approval = approval.Id,
                Text = $"{vote.By} {(vote.Approves ? "approved" : "denied")}{(vote.Comment is null ? "" : $": {vote.Comment}")}",
            },
            cancellationToken).ConfigureAwait(false);
        await history.AddAsync(approval, vote, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes down that somebody has looked at what is masked.</summary>
    /// <param name="approval">The approval, with what it hashes to.</param>
    /// <param name="masked">What was masked.</param>
    /// <param name="by">Who looked.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task RevealedAsync(Approval approval, IReadOnlyList<MaskedPart> masked, string by,
        CancellationToken cancellationToken) => audit.AppendAsync(
        Entry(AuditTypes.ApprovalRevealed, approval, by) with
        {
            Reason = $"{masked.Count} masked parts: {string.Join("; ", masked.Select(static part => $"{part.Path}, {part.Why}"))}",
        },
        cancellationToken);

    private static AuditEntry Entry(string type, Approval approval, string actor) => new(type)
    {
        RunId = approval.RunId,
        RootId = approval.RootId,
        Turn = approval.Turn,
        Call = approval.Call,
        Requester = approval.Requester,
        Actor = actor,
        Chain = approval.Chain,
        Tool = approval.Tool,
        Effect = approval.Effect,
        Rule = approval.Rule,
        ApprovalId = approval.Id,
        ArgumentsHash = CanonicalJson.Hash(approval.Edited ?? approval.Arguments),
    };
}
