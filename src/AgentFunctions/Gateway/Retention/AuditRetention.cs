using AgentFunctions.Gateway.Holds;
using AgentFunctions.Governance.Audit;

namespace AgentFunctions.Gateway.Retention;

/// <summary>Deletes the entries of the audit log that are beyond its retention, unless somebody holds anything.</summary>
internal sealed class AuditRetention(RetentionRules rules, HoldStore holds, AuditLog audit, TimeProvider time)
{
    /// <summary>Deletes what is due.</summary>
    /// <param name="cancellationToken">The token to stop.</param>
    /// <returns>How many entries were deleted.</returns>
    public async Task<long> CutAsync(CancellationToken cancellationToken) =>
        rules.Audit is { } kept && (await holds.InForceAsync(cancellationToken).ConfigureAwait(false)).Count == 0
            ? await audit.CutAsync(time.GetUtcNow() - kept, cancellationToken).ConfigureAwait(false)
            : 0;
}
