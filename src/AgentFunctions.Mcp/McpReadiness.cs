using AgentFunctions.Diagnostics;

namespace AgentFunctions.Mcp;

/// <summary>Tells which tool servers cannot be used.</summary>
internal sealed class McpReadiness(McpServers servers) : IReadinessCheck
{
    public Task<IReadOnlyList<ReadinessItem>> CheckAsync(CancellationToken cancellationToken)
    {
        string[] troubles = [.. servers.Troubles];
        return Task.FromResult<IReadOnlyList<ReadinessItem>>(
            [troubles.Length == 0
                ? new("toolServers")
                : new("toolServers", ReadinessStatus.Degraded, string.Join(" ", troubles))]);
    }
}
