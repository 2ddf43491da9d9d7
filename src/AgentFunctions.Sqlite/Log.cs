using Microsoft.Extensions.Logging;

namespace AgentFunctions.Sqlite;

/// <summary>What the engine logs. Event ids from 2000.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information, "Engine started on {DataFile}")]
    public static partial void LogStarted(this ILogger logger, string dataFile);

    [LoggerMessage(2001, LogLevel.Information, "Engine stopped on {DataFile}")]
    public static partial void LogStopped(this ILogger logger, string dataFile);

    [LoggerMessage(2002, LogLevel.Error, "Due timers could not be read; trying again")]
    public static partial void LogTimersUnreadable(this ILogger logger, Exception error);

    [LoggerMessage(2003, LogLevel.Error, "A turn of instance {InstanceSeq} could not be recorded; trying again in {Delay}")]
    public static partial void LogTurnNotRecorded(this ILogger logger, Exception error, long instanceSeq, TimeSpan delay);

    [LoggerMessage(2004, LogLevel.Error, "Instance {InstanceId} cannot continue: {Reason}")]
    public static partial void LogInstanceUnusable(this ILogger logger, string instanceId, string reason);

    [LoggerMessage(2005, LogLevel.Warning, "A callback on the cancellation of an activity failed")]
    public static partial void LogCallbackFailed(this ILogger logger, Exception error);

    [LoggerMessage(2006, LogLevel.Warning,
        "The head of the data file cannot be written; until it can, a loss of later commits would not be seen")]
    public static partial void LogHeadNotWritten(this ILogger logger, Exception error);

    [LoggerMessage(2007, LogLevel.Warning,
        "No head of {DataFile} was kept at {Place}; whether the file lost something before this start cannot be told")]
    public static partial void LogNoHead(this ILogger logger, string dataFile, string place);
}
