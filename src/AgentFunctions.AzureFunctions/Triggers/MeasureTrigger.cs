using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.Gateway;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Triggers;

/// <summary>Measures what waits, for the alerts. One instance of the app does it, however many there are.</summary>
/// <param name="services">The app's services.</param>
public sealed class MeasureTrigger(IServiceProvider services)
{
    private readonly WaitingTimes _times = services.GetRequiredService<WaitingTimes>();
    private readonly StartedServices _started = services.GetRequiredService<StartedServices>();

    /// <summary>Measures how long the oldest run and the oldest approval have waited.</summary>
    /// <param name="timer">The timer.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function("Measure")]
    public Task MeasureAsync(
        [TimerTrigger("30 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        _started.Begin(client);
        return _times.MeasureAsync(cancellationToken);
    }
}
