using AgentFunctions.DurableTask;
using AgentFunctions.AzureFunctions.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Triggers;

/// <summary>Brings up what runs by itself: the monitors, and what a crash cut off. Their ticks are durable timers.</summary>
/// <param name="services">The app's services.</param>
public sealed class StartTrigger(IServiceProvider services)
{
    private readonly StartedServices _started = services.GetRequiredService<StartedServices>();
    private readonly DurableTaskClientAccessor _clients = services.GetRequiredService<DurableTaskClientAccessor>();

    /// <summary>Does once in the life of an instance what a host does once it has started.</summary>
    /// <param name="timer">The timer.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function("Start")]
    public Task StartAsync(
        [TimerTrigger("0 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        _clients.Client = client;
        return _started.RunAsync(cancellationToken);
    }
}
