using Microsoft.Extensions.Logging;

namespace AgentFunctions.Storage;

/// <summary>What reading the stores tells the host's log. Event ids 1900 to 1909.</summary>
internal static partial class RecordLog
{
    [LoggerMessage(1900, LogLevel.Error, "Record {Key} cannot be read and is left out of lists: {Problem}")]
    public static partial void Unreadable(ILogger logger, string key, string problem);
}
