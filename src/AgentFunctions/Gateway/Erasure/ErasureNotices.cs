using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Reports what an erasure waits for, once for each obstacle, in the audit log and in the log of the host.</summary>
internal sealed partial class ErasureNotices(AuditLog audit, ILogger<ErasureNotices> log)
{
    /// <summary>Reports that an erasure waits, at the first attempt of the step.</summary>
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
            new AuditEntry(AuditTypes.RunErasureWaits)
            {
                RunId = input.Root,
                RootId = input.Root,
                Actor = input.By,
                Reason = obstacle,
            },
            cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(2210, LogLevel.Warning, "The erasure of run {Run} waits: {Obstacle}")]
    private static partial void LogWaits(ILogger log, string run, string obstacle);
}
