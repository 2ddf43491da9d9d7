using AgentFunctions.Core;
using AgentFunctions.Views;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Gateway.Retention;

/// <summary>Sweeps for as long as there are rules, one host of all that share a store at a time.</summary>
internal sealed partial class RetentionSweeper(
    RetentionRules rules, RetentionSweep sweep, SweepLease lease, RunReader reader, ILogger<RetentionSweeper> log,
    TimeProvider time)
    : BackgroundService, IProcessService
{
    /// <summary>The pause after the start, and between sweeps of which the first did not begin all.</summary>
    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(30);

    /// <summary>Sweeps, if a sweep is due.</summary>
    /// <returns>Whether all that was due is begun.</returns>
    public async Task<bool> TrySweepAsync(CancellationToken cancellationToken)
    {
        if (!await lease.TryTakeAsync(rules.Sweep, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        bool isDone = false;
        try
        {
            // An index that is not whole is made so meanwhile.
            if (reader.Index is { } index && await index.OpenAsync(reader, cancellationToken).ConfigureAwait(false))
            {
                (int begun, isDone) = await sweep.SweepAsync(cancellationToken).ConfigureAwait(false);
                if (begun > 0)
                {
                    LogBegun(log, begun);
                }
            }
        }
        finally
        {
            await lease.ReleaseAsync(isDone, cancellationToken).ConfigureAwait(false);
        }

        return isDone;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool isDone = false;
        while (rules.IsConfigured)
        {
            await Task.Delay(isDone ? rules.Sweep : s_short, time, stoppingToken).ConfigureAwait(false);
            try
            {
                isDone = await TrySweepAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The next sweep tries again; what is kept a little longer is no reason to stop the host.
                LogFailed(log, e.Message);
                isDone = true;
            }
        }
    }

    [LoggerMessage(2200, LogLevel.Information, "Retention: {Count} run trees are due and being erased")]
    private static partial void LogBegun(ILogger log, int count);

    [LoggerMessage(2201, LogLevel.Warning, "Retention could not be carried out, it is tried again: {Problem}")]
    private static partial void LogFailed(ILogger log, string problem);
}
