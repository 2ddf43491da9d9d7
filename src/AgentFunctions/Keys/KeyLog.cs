using Microsoft.Extensions.Logging;

namespace AgentFunctions.Keys;

/// <summary>What keys tell the host's log. Event ids 2000 to 2099, with governance.</summary>
internal static partial class KeyLog
{
    [LoggerMessage(2010, LogLevel.Warning, "'{File}' is not trusted: it does not bear the seal of this host; remove it, or restore it with host.key from a copy")]
    public static partial void ForeignKey(ILogger logger, string file);
}
