namespace AgentFunctions.Governance.Approvals;

/// <summary>Tells whether a call that waits for a person could still be made.</summary>
internal interface ICallOutlook
{
    /// <summary>Gets why a call can no longer be made.</summary>
    /// <param name="approval">The approval that it waits for.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    /// <returns>Why not, in words; <see langword="null"/> if it can, or if that cannot be told now.</returns>
    Task<string?> ObstacleAsync(Approval approval, CancellationToken cancellationToken);
}
