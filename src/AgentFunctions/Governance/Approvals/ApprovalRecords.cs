using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Writes down what becomes of approvals: for those who answer for it, and for those who follow the run.</summary>
internal sealed class ApprovalRecords(AuditLog audit, Journal journal, Redactor redactor, ApprovalHistory history)
{
    /// <summary>How much of the arguments the audit log repeats, in characters.</summary>
    private const int AuditTextLimit = 1_000;

    /// <summary>Gets where a vote can be written down that is about to be stored.</summary>
    public async Task<VoteTrace> TraceAsync(Approval approval, CallerDoor? door, CancellationToken cancellationToken) => new(
        await audit.EndAsync(approval.RootId, approval.RunId, cancellationToken).ConfigureAwait(false),
        await journal.LengthAsync(approval.RunId, cancellationToken).ConfigureAwait(false),
        door?.Name, redactor.Redact(Preview.Of(door?.Request, 200)));

    /// <summary>Writes down what people have decided, each vote once. Safe to repeat after a crash.</summary>
    public async Task DecidedAsync(Approval approval, CancellationToken cancellationToken)
    {
        // What an altered record says, nobody has said. A vote without a trace is of an earlier version.
        foreach (ApprovalVote vote in approval.IsAltered ? [] : approval.Votes)
        {
            if (approval.Traces?.GetValueOrDefault(vote.By) is { } trace)
            {
                await DecidedAsync(approval, vote, trace, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Writes down that people are asked.</summary>
    public async Task AskedAsync(Approval approval, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // What the model asked for stays known, whatever a person makes of it.
        await audit.AppendAsync(
            Entry(AuditTypes.ApprovalRequested, approval) with
            {
                Rule = approval.Rule,
                Reason = approval.Reason,
                ArgumentsHash = CanonicalJson.Hash(approval.Arguments),
                Arguments = Preview.Of(redactor.Redact(approval.Arguments.GetRawText()), AuditTextLimit),
            },
            cancellationToken).ConfigureAwait(false);
        await journal.AppendIfMissingAsync(
            approval.RunId, Event(JournalEventTypes.ApprovalRequested, approval, now, approval.Reason), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Writes down that an approval went to further roles.</summary>
    public Task EscalatedAsync(Approval approval, CancellationToken cancellationToken) => audit.AppendAsync(
        Entry(AuditTypes.ApprovalEscalated, approval) with { Reason = $"to {string.Join(", ", approval.Terms.EscalateTo)}" },
        cancellationToken);

    /// <summary>Writes down how an approval ended: what people have decided, or that nobody did in time.</summary>
    public async Task EndedAsync(Approval approval, CancellationToken cancellationToken)
    {
        await DecidedAsync(approval, cancellationToken).ConfigureAwait(false);
        if (approval.State == ApprovalState.Expired)
        {
            await audit.AppendOnceAsync(
                Entry(AuditTypes.ApprovalExpired, approval),
                // Each look at an approval that has expired comes here, on any host.
                new AuditOnce(
                    approval.AuditFrom ?? 0,
                    entry => entry.Type == AuditTypes.ApprovalExpired && entry.ApprovalId == approval.Id
                        && entry.RunId == approval.RunId),
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes down attempts to tell people.</summary>
    public Task ToldAsync(Approval approval, IReadOnlyList<HumanTaskDelivery> told, CancellationToken cancellationToken) =>
        audit.AppendAsync(
            Entry(AuditTypes.ApprovalTold, approval) with
            {
                Failed = told.Any(static delivery => delivery.Error is not null) ? true : null,
                Reason = HumanTaskDelivery.Describe(told),
            },
            cancellationToken);

    /// <summary>Writes down that the call of an approval can no longer be made.</summary>
    /// <param name="approval">The approval.</param>
    /// <param name="why">Why not.</param>
    /// <param name="now">The present time (UTC).</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether it was not written down before.</returns>
    public async Task<bool> ClosedAsync(Approval approval, string why, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await DecidedAsync(approval, cancellationToken).ConfigureAwait(false);
        bool isNews = await journal.AppendIfMissingAsync(
            approval.RunId, Event(JournalEventTypes.ApprovalWithdrawn, approval, now, redactor.Redact(why)), cancellationToken)
            .ConfigureAwait(false);
        if (isNews)
        {
            await audit.AppendAsync(
                Entry(AuditTypes.ApprovalWithdrawn, approval) with { Reason = redactor.Redact(why) }, cancellationToken)
                .ConfigureAwait(false);
        }

        return isNews;
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

    private async Task DecidedAsync(Approval approval, ApprovalVote vote, VoteTrace trace, CancellationToken cancellationToken)
    {
        PolicyVerdict verdict = vote.Approves ? PolicyVerdict.Allow : PolicyVerdict.Deny;
        await audit.AppendOnceAsync(
            Entry(AuditTypes.ApprovalDecided, approval, vote.By) with
            {
                Verdict = verdict,
                Arguments = approval.Edited is { } edited ? redactor.Redact(edited.GetRawText()) : null,
                Reason = vote.Comment,
                Door = trace.Door,
                DoorRequest = trace.DoorRequest,
            },
            new AuditOnce(
                trace.AuditFrom,
                entry => entry.Type == AuditTypes.ApprovalDecided && entry.ApprovalId == approval.Id
                    && entry.RunId == approval.RunId && entry.Actor == vote.By && entry.Verdict == verdict),
            cancellationToken).ConfigureAwait(false);
        string said = $"{(vote.Approves ? "approved" : "denied")}{(vote.Comment is null ? "" : $": {vote.Comment}")}";
        JournalEvent decided = Event(JournalEventTypes.ApprovalDecided, approval, vote.At, $"{vote.By} {said}");
        if (await journal.AppendIfMissingAsync(
            approval.RunId, decided, trace.JournalFrom,
            written => written.Approval == decided.Approval && written.At == decided.At && written.Text == decided.Text,
            cancellationToken).ConfigureAwait(false))
        {
            await history.AddAsync(approval, vote, cancellationToken).ConfigureAwait(false);
        }
    }

    private static JournalEvent Event(string type, Approval approval, DateTimeOffset at, string? text) => new(type, at)
    {
        Turn = approval.Turn,
        Call = approval.Call,
        Tool = approval.Tool,
        Approval = approval.Id,
        Text = text,
    };

    private static AuditEntry Entry(string type, Approval approval, string actor) => Entry(type, approval) with
    {
        Actor = actor,
        Rule = approval.Rule,
        ArgumentsHash = CanonicalJson.Hash(approval.Edited ?? approval.Arguments),
    };

    private static AuditEntry Entry(string type, Approval approval) => new(type)
    {
        RunId = approval.RunId,
        RootId = approval.RootId,
        Turn = approval.Turn,
        Call = approval.Call,
        Requester = approval.Requester,
        Chain = approval.Chain,
        Tool = approval.Tool,
        Effect = approval.Effect,
        ApprovalId = approval.Id,
    };
}
