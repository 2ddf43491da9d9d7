using Microsoft.Extensions.Logging;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>What the function app itself writes to the log; event ids from 4000.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(4000, LogLevel.Error, "{Problem}")]
    public static partial void Misconfigured(ILogger logger, string problem);

    [LoggerMessage(4001, LogLevel.Warning, "{Service} could not be stopped in order.")]
    public static partial void NotStopped(ILogger logger, string service, Exception fault);
}
