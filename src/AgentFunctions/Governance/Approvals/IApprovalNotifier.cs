namespace AgentFunctions.Governance.Approvals;

/// <summary>Notifies people that an approval waits for them, for example by mail or chat.</summary>
public interface IApprovalNotifier
{
    /// <summary>Notifies those who have one of the approval's <see cref="Approval.Roles"/>.</summary>
    /// <param name="approval">The approval.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whom it was told to; <see langword="null"/> if nobody could be reached.</returns>
    Task<string?> NotifyAsync(Approval approval, CancellationToken cancellationToken = default);
}
