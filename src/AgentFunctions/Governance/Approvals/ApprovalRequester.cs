using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Governance.Approvals;

/// <summary>The runs' side of approvals: asks, and at every wake-up reminds, escalates and expires.</summary>
internal sealed class ApprovalRequester(
    ApprovalStore store, ApprovalDeliveries deliveries, Journal journal, AuditLog audit, Redactor redactor, TimeProvider time) : IRunEndObserver
{
    /// <summary>How much of the arguments the audit log repeats, in characters.</summary>
    private const int AuditTextLimit = 1_000;

    /// <summary>How many deliveries an approval remembers.</summary>
    private const int MaxDeliveries = 20;

    /// <summary>The wait after an attempt that reached nobody.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromMinutes(1);

    /// <summary>The longest wait between two reminders: they come less and less often, and a run's history stays small.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    /// <summary>Asks people. Safe to repeat after a crash.</summary>
    public async Task<Approval> RequestAsync(Approval asked, CancellationToken cancellationToken)
    {
        asked = asked with { RemindAt = asked.CreatedAt + asked.Terms.Remind };
        await store.AddAsync(asked, cancellationToken).ConfigureAwait(false);
        (Approval approval, _) = (await store.FindAsync(asked.Id, cancellationToken).ConfigureAwait(false))!.Value;
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
        await journal.AppendIfMissingAsync(approval.RunId, Event(approval), cancellationToken).ConfigureAwait(false);
        return approval.Reminders > 0 ? approval : await TellAsync(approval, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where an approval stands now; does what its timers ask for.</summary>
    public async Task<Approval> CheckAsync(string id, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        Approval approval = await store.ChangeAsync(
            id,
            before => before.State == ApprovalState.Pending && before.ExpiresAt <= now ? before with { State = ApprovalState.Expired } : before,
            cancellationToken).ConfigureAwait(false);
        if (approval.State == ApprovalState.Expired)
        {
            await audit.AppendAsync(Entry(AuditTypes.ApprovalExpired, approval), cancellationToken).ConfigureAwait(false);
        }

        if (approval.State != ApprovalState.Pending)
        {
            return approval;
        }

        bool remind = approval.RemindAt <= now;
        // What nobody was told of must not wait for its turn.
        bool escalate = approval.EscalatedAt is null
            && (approval.CreatedAt + approval.Terms.EscalateAfter <= now || (remind && approval.ToldTo.Count == 0));
        if (escalate)
        {
            approval = await store.ChangeAsync(
                id, before => before.EscalatedAt is null ? before with { EscalatedAt = now } : before, cancellationToken).ConfigureAwait(false);
            await audit.AppendAsync(
                Entry(AuditTypes.ApprovalEscalated, approval) with { Reason = $"to {string.Join(", ", approval.Terms.EscalateTo)}" },
                cancellationToken).ConfigureAwait(false);
        }

        return remind || escalate ? await TellAsync(approval, cancellationToken).ConfigureAwait(false) : approval;
    }

    /// <summary>When a run that waits should look again.</summary>
    public static DateTimeOffset NextLook(Approval approval)
    {
        DateTimeOffset next = approval.RemindAt < approval.ExpiresAt ? approval.RemindAt : approval.ExpiresAt;
        DateTimeOffset escalation = approval.CreatedAt + approval.Terms.EscalateAfter;
        return approval.EscalatedAt is null && escalation < next ? escalation : next;
    }

    /// <summary>Takes an answer up: from here on the call is made, and no denial is accepted that would come too late.</summary>
    /// <returns>The approval as it stands now: denied, if a denial came first.</returns>
    public Task<Approval> TakeAsync(string id, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return store.ChangeAsync(
            id, before => before is { State: ApprovalState.Approved, TakenAt: null } ? before with { TakenAt = now } : before, cancellationToken);
    }

    /// <summary>Closes an approval whose answer the run has used, or that nobody needs any more.</summary>
    public async Task SettleAsync(string id, CancellationToken cancellationToken)
    {
        Approval settled = await store.ChangeAsync(
            id, static before => before.State == ApprovalState.Pending ? before with { State = ApprovalState.Withdrawn } : before, cancellationToken)
            .ConfigureAwait(false);
        await store.SettleAsync(settled, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes an approval whose call can no longer be made, and tells those who were asked. Safe to repeat after a crash.</summary>
    /// <param name="id">The approval.</param>
    /// <param name="obstacle">Why not.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task CloseAsync(string id, string obstacle, CancellationToken cancellationToken)
    {
        Approval closed = await store.ChangeAsync(
            id,
            before => before.State == ApprovalState.Pending ? before with { State = ApprovalState.Withdrawn, Obstacle = obstacle } : before,
            cancellationToken).ConfigureAwait(false);
        if (closed is not { State: ApprovalState.Withdrawn, Obstacle: { } why })
        {
            return;
        }

        bool isNews = await journal.AppendIfMissingAsync(
            closed.RunId,
            new JournalEvent(JournalEventTypes.ApprovalWithdrawn, time.GetUtcNow())
            {
                Turn = closed.Turn,
                Call = closed.Call,
                Tool = closed.Tool,
                Approval = closed.Id,
                Text = redactor.Redact(why),
            },
            cancellationToken).ConfigureAwait(false);
        if (isNews)
        {
            await audit.AppendAsync(
                Entry(AuditTypes.ApprovalWithdrawn, closed) with { Reason = redactor.Redact(why) }, cancellationToken).ConfigureAwait(false);
            await deliveries.TellAgainAsync(closed, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Withdraws what an ended run still asks.</summary>
    public async Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken)
    {
        foreach (Approval approval in await store.ListOpenAsync(run.Id, cancellationToken).ConfigureAwait(false))
        {
            await SettleAsync(approval.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Approval> TellAsync(Approval approval, CancellationToken cancellationToken)
    {
        ApprovalDelivery[] told = await deliveries.TellAsync(approval, cancellationToken).ConfigureAwait(false);
        // Before the record says it: a host that dies between the two tells again under the same key, and both are in the log.
        if (told.Length > 0)
        {
            await audit.AppendAsync(
                Entry(AuditTypes.ApprovalTold, approval) with
                {
                    Failed = told.Any(static delivery => delivery.Error is not null) ? true : null,
                    Reason = string.Join("; ", told.Select(static delivery => delivery.Error is null ? delivery.To : $"{delivery.To} not: {delivery.Error}")),
                },
                cancellationToken).ConfigureAwait(false);
        }

        DateTimeOffset now = time.GetUtcNow();
        return await store.ChangeAsync(approval.Id, before => before with
        {
            ToldTo = [.. before.ToldTo.Union(told.Where(static delivery => delivery.Error is null).Select(static delivery => delivery.To))],
            Deliveries = [.. before.Deliveries.Concat(told).TakeLast(MaxDeliveries)],
            Reminders = before.Reminders + 1,
            RemindAt = now + Pause(before, isLost: told.Length > 0 && told.All(static delivery => delivery.Error is not null)),
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reminders come less and less often; what reached nobody is tried again soon.</summary>
    private static TimeSpan Pause(Approval approval, bool isLost)
    {
        double growth = Math.Pow(2, Math.Min(approval.Reminders, 16));
        TimeSpan pause = approval.Terms.Remind * growth;
        TimeSpan longest = isLost && RetryPause * growth < LongestPause ? RetryPause * growth : LongestPause;
        return pause < longest ? pause : longest;
    }

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

    private JournalEvent Event(Approval approval) => new(JournalEventTypes.ApprovalRequested, time.GetUtcNow())
    {
        Turn = approval.Turn,
        Call = approval.Call,
        Tool = approval.Tool,
        Approval = approval.Id,
        Text = approval.Reason,
    };
}
