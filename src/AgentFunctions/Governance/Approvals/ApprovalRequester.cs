using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Governance.Approvals;

/// <summary>The runs' side of approvals: asks, and at every wake-up reminds, escalates and expires.</summary>
internal sealed class ApprovalRequester(
    ApprovalStore store, ApprovalDeliveries deliveries, Journal journal, AuditLog audit, Redactor redactor, TimeProvider time)
    : HumanTaskRequester<Approval>(store, time), IRunEndObserver
{
    /// <summary>How much of the arguments the audit log repeats, in characters.</summary>
    private const int AuditTextLimit = 1_000;

    /// <summary>Takes an answer up: from here on the call is made, and no denial is accepted that would come too late.</summary>
    /// <returns>The approval as it stands now: denied, if a denial came first.</returns>
    public Task<Approval> TakeAsync(string id, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Now;
        return Store.ChangeAsync(
            id, before => before is { State: ApprovalState.Approved, TakenAt: null } ? before with { TakenAt = now } : before,
            cancellationToken);
    }

    /// <summary>
    /// Closes an approval whose call can no longer be made, and tells those who were asked. Safe to repeat after a crash.
    /// </summary>
    /// <param name="id">The approval.</param>
    /// <param name="obstacle">Why not.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task CloseAsync(string id, string obstacle, CancellationToken cancellationToken)
    {
        Approval closed = await Store.ChangeAsync(
            id,
            before => before.State == ApprovalState.Pending
                ? before with { State = ApprovalState.Withdrawn, Obstacle = obstacle }
                : before,
            cancellationToken).ConfigureAwait(false);
        if (closed is not { State: ApprovalState.Withdrawn, Obstacle: { } why })
        {
            return;
        }

        bool isNews = await journal.AppendIfMissingAsync(
            closed.RunId,
            new JournalEvent(JournalEventTypes.ApprovalWithdrawn, Now)
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
                Entry(AuditTypes.ApprovalWithdrawn, closed) with { Reason = redactor.Redact(why) }, cancellationToken)
                .ConfigureAwait(false);
            await deliveries.TellAgainAsync(closed, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Withdraws what an ended run still asks.</summary>
    public async Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken)
    {
        foreach (Approval approval in await Store.ListOpenAsync(run.Id, cancellationToken).ConfigureAwait(false))
        {
            await SettleAsync(approval.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override async Task RecordAskedAsync(Approval task, CancellationToken cancellationToken)
    {
        // What the model asked for stays known, whatever a person makes of it.
        await audit.AppendAsync(
            Entry(AuditTypes.ApprovalRequested, task) with
            {
                Rule = task.Rule,
                Reason = task.Reason,
                ArgumentsHash = CanonicalJson.Hash(task.Arguments),
                Arguments = Preview.Of(redactor.Redact(task.Arguments.GetRawText()), AuditTextLimit),
            },
            cancellationToken).ConfigureAwait(false);
        await journal.AppendIfMissingAsync(task.RunId, Event(task), cancellationToken).ConfigureAwait(false);
    }

    protected override Task RecordEscalatedAsync(Approval task, CancellationToken cancellationToken) => audit.AppendAsync(
        Entry(AuditTypes.ApprovalEscalated, task) with { Reason = $"to {string.Join(", ", task.Terms.EscalateTo)}" },
        cancellationToken);

    protected override Task RecordEndAsync(Approval task, CancellationToken cancellationToken) =>
        task.State == ApprovalState.Expired
        ? audit.AppendOnceAsync(
            Entry(AuditTypes.ApprovalExpired, task),
            // Each look at an approval that has expired comes here, on any host.
            new AuditOnce(
                task.AuditFrom ?? 0,
                entry => entry.Type == AuditTypes.ApprovalExpired && entry.ApprovalId == task.Id && entry.RunId == task.RunId),
            cancellationToken)
        : Task.CompletedTask;

    protected override Task RecordToldAsync(Approval task, IReadOnlyList<HumanTaskDelivery> told,
        CancellationToken cancellationToken) =>
        audit.AppendAsync(
            Entry(AuditTypes.ApprovalTold, task) with
            {
                Failed = told.Any(static delivery => delivery.Error is not null) ? true : null,
                Reason = HumanTaskDelivery.Describe(told),
            },
            cancellationToken);

    protected override async Task<IReadOnlyList<HumanTaskDelivery>> DeliverAsync(Approval task,
        CancellationToken cancellationToken) =>
        await deliveries.TellAsync(task, cancellationToken).ConfigureAwait(false);

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

    private JournalEvent Event(Approval approval) => new(JournalEventTypes.ApprovalRequested, Now)
    {
        Turn = approval.Turn,
        Call = approval.Call,
        Tool = approval.Tool,
        Approval = approval.Id,
        Text = approval.Reason,
    };
}
