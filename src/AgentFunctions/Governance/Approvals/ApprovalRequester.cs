using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Runs;

namespace AgentFunctions.Governance.Approvals;

/// <summary>The runs' side of approvals: asks, and at every wake-up reminds, escalates and expires.</summary>
internal sealed class ApprovalRequester(
    ApprovalStore store, ApprovalDeliveries deliveries, ApprovalRecords records, TimeProvider time)
    : HumanTaskRequester<Approval>(store, time), IRunEndObserver
{
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
        if (closed is { State: ApprovalState.Withdrawn, Obstacle: { } why }
            && await records.ClosedAsync(closed, why, Now, cancellationToken).ConfigureAwait(false))
        {
            await deliveries.TellAgainAsync(closed, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Withdraws what an ended run still asks.</summary>
    public async Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken)
    {
        foreach (Approval approval in await Store.ListOpenAsync(run.Id, cancellationToken).ConfigureAwait(false))
        {
            await records.DecidedAsync(approval, cancellationToken).ConfigureAwait(false);
            await SettleAsync(approval.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override Task RecordAskedAsync(Approval task, CancellationToken cancellationToken) =>
        records.AskedAsync(task, Now, cancellationToken);

    protected override Task RecordEscalatedAsync(Approval task, CancellationToken cancellationToken) =>
        records.EscalatedAsync(task, cancellationToken);

    protected override Task RecordEndAsync(Approval task, CancellationToken cancellationToken) =>
        records.EndedAsync(task, cancellationToken);

    protected override Task RecordToldAsync(Approval task, IReadOnlyList<HumanTaskDelivery> told,
        CancellationToken cancellationToken) =>
        records.ToldAsync(task, told, cancellationToken);

    protected override async Task<IReadOnlyList<HumanTaskDelivery>> DeliverAsync(Approval task,
        CancellationToken cancellationToken) =>
        await deliveries.TellAsync(task, cancellationToken).ConfigureAwait(false);
}
