namespace AgentFunctions.Governance.Approvals;

/// <summary>Adds to an approval what is so at present and stands in no record of its own.</summary>
/// <param name="steerers">Who steers runs.</param>
/// <param name="outlook">Whether calls can still be made.</param>
internal sealed class ApprovalSituation(RunSteerers steerers, ICallOutlook outlook)
{
    /// <summary>Adds who has steered the run's tree besides the requester.</summary>
    public async Task<Approval> WithSteerersAsync(Approval approval, CancellationToken cancellationToken) =>
        await steerers.OfAsync(approval.RootId, cancellationToken).ConfigureAwait(false) is { Count: > 0 } callers
            ? approval with { Steerers = callers } : approval;

    /// <summary>Adds why the call of an approval that waits can no longer be made.</summary>
    public async Task<Approval> WithObstacleAsync(Approval approval, CancellationToken cancellationToken) =>
        approval.State == ApprovalState.Pending
        && await outlook.ObstacleAsync(approval, cancellationToken).ConfigureAwait(false) is { } obstacle
            ? approval with { Obstacle = obstacle } : approval;
}
