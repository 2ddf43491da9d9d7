using AgentFunctions.Core;
using AgentFunctions.Governance.KillSwitch;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Gateway.KillSwitch;

/// <summary>
/// Makes orders good that this host did not carry out itself: at its start the runs that a crash left alive, and from then on the
/// calls in flight here that another host's order hits.
/// </summary>
internal sealed partial class KillWatcher(KillOrders kills, InFlightCalls calls, TimeProvider time, ILogger<KillWatcher> log)
    : ProcessService, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopped = new();
    private Task _watching = Task.CompletedTask;

    public override async Task StartedAsync(CancellationToken cancellationToken)
    {
        await kills.EnforceAsync(cancellationToken).ConfigureAwait(false);
        _watching = WatchAsync(_stopped.Token);
    }

    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        bool hasFailed = false;
        while (true)
        {
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            if (calls.IsEmpty)
            {
                continue;
            }

            try
            {
                foreach (KillOrder order in await kills.ListAsync(cancellationToken).ConfigureAwait(false))
                {
                    calls.Stop(order);
                }

                hasFailed = false;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it is, the next look is a second away: a watch that ends would leave orders of other hosts unheard.
                if (!hasFailed)
                {
                    LogNotRead(log, e.Message);
                }

                hasFailed = true;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Kill orders of other hosts cannot be read ({Reason}); they are looked for again each second.")]
    private static partial void LogNotRead(ILogger log, string reason);
}
