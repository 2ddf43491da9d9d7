using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Mcp;

/// <summary>Says at the start which tool servers are left out, a line each.</summary>
internal sealed class LeftOutServersLog(IEnumerable<McpConfiguration> configurations, ILogger<McpServers> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (string reason in configurations.SelectMany(static one => one.LeftOut))
        {
            McpLog.ServerLeftOut(logger, reason);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
