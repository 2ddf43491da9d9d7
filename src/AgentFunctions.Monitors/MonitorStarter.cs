using System.Globalization;
using AgentFunctions.Core;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Monitors;

/// <summary>Once the host has started: puts the monitors that the program brings, and lets all of them run.</summary>
internal sealed partial class MonitorStarter(
    MonitorService monitors, IEnumerable<MonitorDefinition> definitions, ILogger<MonitorStarter> logger) : ProcessService
{
    public override async Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (MonitorDefinition definition in definitions)
        {
            (MonitorView monitor, _) = await monitors.PutAsync(definition, "host", cancellationToken).ConfigureAwait(false);
            LogDue(logger, definition.Name,
                string.Join(", ", monitor.Upcoming.Select(static due => due.UtcDateTime.ToString("u",
                    CultureInfo.InvariantCulture))));
        }

        await monitors.EnsureRunningAsync(cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Monitor '{Monitor}' is due next at {Due}.")]
    private static partial void LogDue(ILogger logger, string monitor, string due);
}
