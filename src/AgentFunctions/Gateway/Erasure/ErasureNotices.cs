using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Tells once of each thing that stands in the way of an erasure: the audit log, and who reads the log of the host.</summary>
internal sealed partial class ErasureNotices(AuditLog audit, ILogger<ErasureNotices> log)
{
    /// <summary>Tells that an erasure waits.</summary>
    /// <param name="input">The step.</param>
    /// <param name="obstacle">What stands in the way.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task WaitsAsync(EraseInput input, string obstacle, CancellationToken cancellationToken)
    {
        if (input.Attempt > 0)
        {
            return;
        }

        LogWaits(log, input.Root, obstacle);
        await audit.AppendAsync(
            new AuditEntry(AuditTypes.RunErasureWaits) { RunId = input.Root, RootId = input.Root, Actor = input.By, Reason = obstacle },
            cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(2210, LogLevel.Warning, "The erasure of run {Run} waits: {Obstacle}")]
    private static partial void LogWaits(ILogger log, string run, string obstacle);
}
