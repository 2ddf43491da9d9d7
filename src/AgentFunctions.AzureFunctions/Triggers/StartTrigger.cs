using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.DurableTask;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Triggers;

/// <summary>
/// Starts the services of an app that receives no calls: monitors, whose ticks are durable timers, and work that a crash
/// interrupted. An app that receives calls starts them with the first call of each instance.
/// </summary>
/// <param name="services">The app's services.</param>
public sealed class StartTrigger(IServiceProvider services)
{
    private readonly StartedServices _started = services.GetRequiredService<StartedServices>();
    private readonly DurableTaskClientAccessor _clients = services.GetRequiredService<DurableTaskClientAccessor>();

    /// <summary>Starts what this instance has not started.</summary>
    /// <param name="timer">The timer.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function("Start")]
    public Task StartAsync(
        [TimerTrigger("0 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        _clients.Client = client;
        return _started.RunAsync(cancellationToken);
    }
}
