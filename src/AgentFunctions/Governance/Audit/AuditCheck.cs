using AgentFunctions.Core;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Looks at the start of a host whether the audit log still has all that it had: a host does not go on over a cut one. At its end
/// the last entries are joined.
/// </summary>
internal sealed class AuditCheck(AuditLog audit, TimeProvider time) : ProcessService
{
    /// <summary>How long a host that stops waits for its store. What is not joined then is joined by the next host.</summary>
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(2);

    public override Task StartedAsync(CancellationToken cancellationToken) => audit.EnsureWholeAsync(cancellationToken);

    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(JoinLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await audit.TryJoinAsync(either.Token).ConfigureAwait(false);
    }
}
