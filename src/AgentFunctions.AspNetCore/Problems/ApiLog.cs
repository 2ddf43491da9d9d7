using Microsoft.Extensions.Logging;

namespace AgentFunctions.AspNetCore.Problems;

/// <summary>What the API writes to the host's log; event ids from 3000.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(3000, LogLevel.Error, "{Method} {Path} failed unexpectedly.")]
    public static partial void Unexpected(ILogger logger, string method, string path, Exception error);

    [LoggerMessage(3001, LogLevel.Warning, "{Method} {Path}: the engine is not available.")]
    public static partial void Unavailable(ILogger logger, string method, string path, Exception error);

    [LoggerMessage(3002, LogLevel.Warning, "The keys of {Issuer} could not be fetched: {Problem}")]
    public static partial void IssuerKeysNotFetched(ILogger logger, string issuer, string problem);

    [LoggerMessage(3003, LogLevel.Error, "{Method} {Path}: its stream was broken off, since it could not be read on.")]
    public static partial void StreamBroken(ILogger logger, string method, string path, Exception error);
}
