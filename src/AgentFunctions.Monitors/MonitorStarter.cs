using System.Globalization;
using AgentFunctions.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Monitors;

/// <summary>Once the host has started: puts the monitors that the program brings, and lets all of them run.</summary>
internal sealed partial class MonitorStarter(
    MonitorService monitors, IEnumerable<MonitorDefinition> definitions, ILogger<MonitorStarter> logger) : IHostedLifecycleService, IProcessService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (MonitorDefinition definition in definitions)
        {
            (MonitorView monitor, _) = await monitors.PutAsync(definition, "host", cancellationToken).ConfigureAwait(false);
            LogDue(logger, definition.Name, string.Join(", ", monitor.Upcoming.Select(static due => due.UtcDateTime.ToString("u", CultureInfo.InvariantCulture))));
        }

        await monitors.EnsureRunningAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "Monitor '{Monitor}' is due next at {Due}.")]
    private static partial void LogDue(ILogger logger, string monitor, string due);
}
