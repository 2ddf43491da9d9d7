namespace AgentFunctions.Governance.Approvals;

/// <summary>Tells people that an approval waits for them: by mail, chat or otherwise.</summary>
public interface IApprovalNotifier
{
    /// <summary>Tells those who have one of the approval's <see cref="Approval.Roles"/>.</summary>
    /// <param name="approval">The approval.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whom it was told to; <see langword="null"/> if nobody could be reached.</returns>
    Task<string?> NotifyAsync(Approval approval, CancellationToken cancellationToken = default);
}
