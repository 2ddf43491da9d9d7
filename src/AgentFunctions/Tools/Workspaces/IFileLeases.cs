namespace AgentFunctions.Tools.Workspaces;

/// <summary>Keeps the writers of a file apart.</summary>
internal interface IFileLeases
{
    /// <summary>Takes or renews the lease on a file, where the run belongs to a tree.</summary>
    /// <param name="runId">The run that is about to write.</param>
    /// <param name="path">The file, relative to the workspace.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.PathLeaseLost"/> or <see cref="ErrorCode.PathLeaseHeld"/>: nothing may be written.
    /// </exception>
    Task TakeAsync(string runId, string path, CancellationToken cancellationToken);
}
