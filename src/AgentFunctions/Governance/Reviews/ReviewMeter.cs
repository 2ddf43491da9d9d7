using AgentFunctions.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Reviews;

/// <summary>
/// Measures the queues again and again, as nothing changes where nobody reviews, and another host may have made the last change.
/// </summary>
internal sealed partial class ReviewMeter(ReviewStateStore books, ILogger<ReviewMeter> log, TimeProvider time)
    : BackgroundService, IProcessService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (books.IsConfigured)
        {
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(false);
            try
            {
                await books.MeasureAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The next time tries again.
                NotMeasured(log, e.Message);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The review queues could not be measured: {Reason}")]
    private static partial void NotMeasured(ILogger logger, string reason);
}
