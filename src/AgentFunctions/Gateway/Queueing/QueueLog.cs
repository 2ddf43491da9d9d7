using Microsoft.Extensions.Logging;

namespace AgentFunctions.Gateway.Queueing;

/// <summary>What the queue tells the host's log. Event ids 2100 to 2199.</summary>
internal static partial class QueueLog
{
    [LoggerMessage(2100, LogLevel.Debug, "The queue of runs could not be swept, it is tried again: {Problem}")]
    public static partial void SweepFailed(ILogger logger, string problem);
}
