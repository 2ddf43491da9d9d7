using AgentFunctions.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Gateway.Queueing;

/// <summary>Sweeps the queue: once at the start of a host, then for as long as there are limits.</summary>
internal sealed class QueueSweeper(RunQueue queue, ILogger<QueueSweeper> logger, TimeProvider time) : BackgroundService,
    IProcessService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>How many sweeps there are between two that look for runs that are gone.</summary>
    private const int Looks = 12;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (int sweep = 0; ; sweep++)
        {
            await Task.Delay(sweep == 0 ? TimeSpan.FromMilliseconds(100) : Pause, time, stoppingToken).ConfigureAwait(false);
            try
            {
                await queue.SweepAsync(sweep % Looks == 0, stoppingToken).ConfigureAwait(false);
                if (!queue.IsConfigured)
                {
                    return;
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The next sweep tries again; a queue that cannot be swept for now is no reason to stop the host.
                QueueLog.SweepFailed(logger, e.Message);
            }
        }
    }
}
