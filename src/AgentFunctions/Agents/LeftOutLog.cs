using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Agents;

/// <summary>Says at the start which agent files cannot be used, a line each.</summary>
internal sealed partial class LeftOutLog(AgentCatalog catalog, ILogger<LeftOutLog> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (LeftOutAgent one in catalog.LeftOut)
        {
            LeftOut(logger, one.Name, one.Reason.ToString());
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(4400, LogLevel.Warning, "Agent '{Agent}' is left out: {Reason}")]
    private static partial void LeftOut(ILogger logger, string agent, string reason);
}
