using Microsoft.Extensions.Logging;

namespace AgentFunctions.Gateway;

/// <summary>What the gateway tells the host's log. Event ids 2100 to 2199.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(2100, LogLevel.Debug, "The queue of runs could not be swept, it is tried again: {Problem}")]
    public static partial void SweepFailed(ILogger logger, string problem);
}
