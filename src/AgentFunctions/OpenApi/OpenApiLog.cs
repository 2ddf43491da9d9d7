using Microsoft.Extensions.Logging;

namespace AgentFunctions.OpenApi;

/// <summary>What is logged about API descriptions.</summary>
internal static partial class OpenApiLog
{
    [LoggerMessage(4120, LogLevel.Warning,
        "The API description {Origin} cannot be read again, the last one stays in use: {Reason}")]
    public static partial void Stale(ILogger logger, string origin, string reason);

    [LoggerMessage(4121, LogLevel.Warning, "Agent '{Agent}' goes without the tools of API '{Api}': {Reason}")]
    public static partial void LeftOut(ILogger logger, string agent, string api, string reason);

    [LoggerMessage(4123, LogLevel.Warning, "The tools of API '{Api}' cannot be used: {Reason}")]
    public static partial void Broken(ILogger logger, string api, string reason);

    [LoggerMessage(4122, LogLevel.Warning, "{Note}")]
    public static partial void Noted(ILogger logger, string note);
}
