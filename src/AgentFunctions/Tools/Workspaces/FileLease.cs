using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>The lease that a call takes before it writes.</summary>
internal static class FileLease
{
    /// <summary>Takes or renews the lease on a file, if this host keeps leases.</summary>
    /// <param name="context">The call that is about to write.</param>
    /// <param name="workspace">The workspace of the file.</param>
    /// <param name="fullPath">The file.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.PathLeaseLost"/> or <see cref="ErrorCode.PathLeaseHeld"/>: nothing may be written.
    /// </exception>
    public static Task TakeAsync(ToolContext context, Workspace workspace, string fullPath,
        CancellationToken cancellationToken) =>
        context.Services.GetService<IFileLeases>()?.TakeAsync(context.RunId, workspace.Relative(fullPath), cancellationToken)
            ?? Task.CompletedTask;
}
