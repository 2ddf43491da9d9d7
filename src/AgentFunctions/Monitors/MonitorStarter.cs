using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Monitors;

/// <summary>Once the host has started: puts the monitors that the program brings, and lets all of them run.</summary>
internal sealed class MonitorStarter(MonitorService monitors, IEnumerable<MonitorDefinition> definitions) : IHostedLifecycleService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (MonitorDefinition definition in definitions)
        {
            await monitors.PutAsync(definition, "host", cancellationToken).ConfigureAwait(false);
        }

        await monitors.EnsureRunningAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
